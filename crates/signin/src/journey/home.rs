//! Evidence of the home tenant: what a live session there says of its own user, spent once (requirements U10, U11).

use portcullis_model::Timestamp;
use portcullis_model::device::DeviceClaims;
use portcullis_model::session::{HomeSession, ProvenMethod, SessionSubject};
use portcullis_model::user::HomeAccount;

use super::session::Held;

/// The home tenant's word for one of its own users. Only a live session of that very user makes one; it cannot be copied or
/// kept between requests.
#[derive(Debug)]
pub(super) struct Vouch {
    evidence: Evidence,
}

/// What was vouched for.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// What was proven in the home tenant.
    pub(super) proofs: Vec<ProvenMethod>,
    /// What the home tenant says of the device.
    pub(super) device: Option<DeviceClaims>,
    /// The session that says so.
    pub(super) session: Option<HomeSession>,
}

impl Vouch {
    /// What this session says of this account, if it is live and that account's own.
    pub(super) fn by(session: &Held, account: HomeAccount, now: Timestamp) -> Option<Self> {
        let held = &session.session;
        let is_own = session.tenant == account.tenant_id
            && held.subject == SessionSubject::User(account.user_id)
            // A session that itself stands on another tenant's session proves nothing further (no chain A, B, C).
            && held.home_session.is_none()
            && held.expires_at > now;
        is_own.then(|| Self {
            evidence: Evidence {
                proofs: held.proofs.clone(),
                // A tenant speaks of its own devices only.
                device: held
                    .device
                    .clone()
                    .filter(|device| device.tenant_id == session.tenant),
                session: Some(session.pointer()),
            },
        })
    }

    /// Hands the evidence over.
    pub(super) fn spend(self) -> Evidence {
        self.evidence
    }
}

#[cfg(test)]
mod tests {
    use portcullis_model::credential::AuthenticationMethod;
    use portcullis_model::device::{DeviceAttributes, DeviceTrustType};
    use portcullis_model::entropy::Entropy;

    use super::*;
    use crate::house::Lifetimes;

    struct Counting(u8);
    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_add(1);
                *byte = self.0;
            }
        }
    }

    /// Requirements U10 and U11: each condition alone is enough to say nothing; only with all of them a tenant speaks, for
    /// its own user and of its own device.
    #[test]
    fn u10_u11_only_a_live_own_session_of_that_very_user_vouches() {
        let id = |text: &str| text.replace('N', "c0c0c0c0-0000-4000-8000-00000000000");
        let (home, other) = (id("N1").parse().unwrap(), id("N2").parse().unwrap());
        let user = id("N3").parse().unwrap();
        let account = HomeAccount {
            tenant_id: home,
            user_id: user,
        };
        let now = Timestamp::from_second(1_795_348_800).unwrap();
        let (lifetimes, entropy) = (Lifetimes::default(), &mut Counting(0));
        for faults in 0_u8..16 {
            let has = |fault: u8| faults & (1 << fault) != 0;
            let tenant = if has(0) { other } else { home };
            let subject = if has(1) {
                SessionSubject::User(id("N4").parse().unwrap())
            } else {
                SessionSubject::User(user)
            };
            let mut held = Held::open(tenant, subject, now, lifetimes, entropy);
            held.prove(AuthenticationMethod::Password, now, lifetimes, entropy);
            if has(2) {
                held.session.home_session = Some(held.pointer());
            }
            if has(3) {
                held.session.expires_at = now;
            }
            held.session.device = Some(DeviceClaims {
                tenant_id: other,
                device_id: id("N5").parse().unwrap(),
                is_compliant: true,
                trust_type: DeviceTrustType::AzureAd,
                attributes: DeviceAttributes::default(),
            });
            let vouch = Vouch::by(&held, account, now);
            assert_eq!(vouch.is_some(), faults == 0, "{faults:04b}");
            if let Some(vouch) = vouch {
                let evidence = vouch.spend();
                assert_eq!(evidence.proofs.len(), 1);
                assert_eq!(evidence.device, None, "another tenant's device");
            }
        }
        let direct = Held::open(
            home,
            SessionSubject::DirectConnect(account),
            now,
            lifetimes,
            entropy,
        );
        assert!(Vouch::by(&direct, account, now).is_none());
    }
}
