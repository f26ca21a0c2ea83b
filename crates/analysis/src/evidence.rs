//! What somebody could show: proofs of methods, told apart as far as strengths tell them apart.
//!
//! More proofs never make a sign-in worse, so that of all the ways in which something is *not* shown only the fullest ones
//! matter: whoever gets in with less gets in with those.

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::authentication_strength::{
    AuthenticationStrengthPolicy, CombinationRestriction,
};
use portcullis_model::conditional_access::{ConditionalAccessPolicy, DevicePlatform, GrantControl};
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::{ClientId, DeviceId, TenantId};
use portcullis_policy::facts::{Authenticator, ClientProtection, Fulfilled, Proof, SignIn};
use uuid::Uuid;

use crate::probe::{Demanding, MOMENT, person};
use crate::side::Side;
use crate::target::Reached;
use crate::who::Who;

/// So many proofs are told apart at most.
const PROOFS_MAX: usize = 64;

/// One way to prove one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) method: AuthenticationMethod,
    pub(crate) authenticator: Authenticator,
}

/// Every way that some strength tells apart.
#[derive(Debug, Clone)]
pub(crate) struct Wallet {
    pub(crate) all: Vec<Shown>,
    /// What is done beside proving methods: everything that some policy could ask.
    fulfilled: Fulfilled,
}

/// Some of a wallet, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Evidence(u64);

impl Wallet {
    pub(crate) fn of(sides: &[Side], unknown: &mut Vec<String>) -> Self {
        let unnamed = AuthenticationMethod::ALL.into_iter().map(|method| Shown {
            method,
            authenticator: Authenticator::Unnamed,
        });
        let mut all: Vec<Shown> = unnamed.collect();
        let mut fulfilled = Fulfilled {
            password_changed_at: Some(MOMENT),
            risk_remediated_at: Some(MOMENT),
            ..Fulfilled::default()
        };
        for side in sides {
            let configuration = &side.configuration;
            let agreements = configuration.agreements.iter();
            fulfilled.terms_of_use.extend(agreements.map(|one| one.id));
            let expanded = |policy: &'_ ConditionalAccessPolicy| policy.expanded_strength.clone();
            let expanded: Vec<_> = side.policies().iter().filter_map(expanded).collect();
            let strengths = configuration.authentication_strengths.iter();
            for strength in strengths.chain(expanded.iter().map(AsRef::as_ref)) {
                tell_apart(strength, &mut all);
            }
            for control in side.policies().iter().flat_map(controls) {
                if let GrantControl::CustomAuthenticationFactor(id) = control {
                    fulfilled.custom_factors.insert(id.clone());
                }
            }
        }
        if all.len() > PROOFS_MAX {
            unknown.push(format!(
                "strengths name more than {PROOFS_MAX} models of keys and kinds of certificates; the others are not told apart"
            ));
            all.truncate(PROOFS_MAX);
        }
        Self { all, fulfilled }
    }

    /// Everything there is to show.
    pub(crate) fn whole(&self) -> Evidence {
        let all = 0..self.all.len();
        all.fold(Evidence::NONE, Evidence::with)
    }

    /// Puts it all into a sign-in, proven in every place where it could count.
    pub(crate) fn show(
        &self,
        evidence: Evidence,
        sign_in: &mut SignIn,
        own: TenantId,
        home: TenantId,
    ) {
        let tenants = BTreeSet::from([own, home]);
        sign_in.fulfilled = self.fulfilled.clone();
        let shown = self.all.iter().enumerate();
        let shown = shown.filter(|(at, _)| evidence.has(*at));
        sign_in.proofs = shown
            .flat_map(|(_, shown)| {
                tenants.iter().map(|tenant| Proof {
                    tenant: *tenant,
                    method: shown.method,
                    at: shown_at(shown.method),
                    authenticator: shown.authenticator.clone(),
                })
            })
            .collect();
    }

    /// Whether a sign-in can begin with it.
    pub(crate) fn begins(&self, evidence: Evidence) -> bool {
        let mut shown = self.all.iter().enumerate();
        shown.any(|(at, shown)| evidence.has(at) && shown.method.factor() != Factor::Second)
    }

    /// The fullest evidences that do not meet a demand, of somebody of this kind. What meets a demand are one or two methods
    /// together (specification 2.9 has no longer combination), so that the fullest sets without any such pair are sought.
    pub(crate) fn fullest_without(&self, demanding: &Demanding, ask: &Ask<'_>) -> Vec<Evidence> {
        let meets = |evidence: Evidence| ask.meets(demanding, self, evidence);
        let single = |at| Evidence::NONE.with(at);
        let open: Vec<usize> = (0..self.all.len())
            .filter(|at| !meets(single(*at)))
            .collect();
        let mut apart: Vec<(usize, usize)> = Vec::new();
        for (number, one) in open.iter().enumerate() {
            for other in open.iter().skip(number + 1) {
                if meets(single(*one).with(*other)) {
                    apart.push((*one, *other));
                }
            }
        }
        let all = open.iter().copied().fold(Evidence::NONE, Evidence::with);
        let mut found = BTreeSet::new();
        split(all, &apart, &mut found);
        let fullest = |one: &Evidence| !found.iter().any(|other| other != one && other.holds(*one));
        let fullest = found.iter().copied().filter(fullest);
        fullest.filter(|one| self.begins(*one)).collect()
    }
}

/// Breaks up each pair in turn; at most as many sets as there are ways to do so, which are few: the pairs of strengths share
/// their first factors.
fn split(set: Evidence, apart: &[(usize, usize)], found: &mut BTreeSet<Evidence>) {
    const FOUND_MAX: usize = 256;
    if found.len() >= FOUND_MAX {
        return;
    }
    let both = |(one, other): &&(usize, usize)| set.has(*one) && set.has(*other);
    match apart.iter().find(both) {
        None => {
            found.insert(set);
        }
        Some((one, _)) => {
            split(set.without(*one), apart, found);
            // Whoever keeps it goes without everything that pairs with it.
            let pairs = apart
                .iter()
                .filter_map(|(a, b)| match (a == one, b == one) {
                    (true, _) => Some(*b),
                    (_, true) => Some(*a),
                    (false, false) => None,
                });
            split(pairs.fold(set, Evidence::without), apart, found);
        }
    }
}

impl Evidence {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn with(self, at: usize) -> Self {
        Self(self.0 | 1 << at)
    }

    pub(crate) const fn without(self, at: usize) -> Self {
        Self(self.0 & !(1 << at))
    }

    pub(crate) const fn has(self, at: usize) -> bool {
        self.0 & 1 << at != 0
    }

    const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Windows Hello for Business counts only as the beginning (specification 5.4), so it comes first.
fn shown_at(method: AuthenticationMethod) -> Timestamp {
    let seconds = match method {
        AuthenticationMethod::WindowsHelloForBusiness => 2,
        _ => 1,
    };
    let earlier = MOMENT.as_second() - seconds;
    Timestamp::from_second(earlier).unwrap_or(MOMENT)
}

fn controls(policy: &ConditionalAccessPolicy) -> &[GrantControl] {
    let grant = policy.grant_controls.as_ref();
    grant.map_or(&[], |grant| &grant.controls)
}

/// One proof for each model and each kind of certificate that a restriction names.
fn tell_apart(strength: &AuthenticationStrengthPolicy, all: &mut Vec<Shown>) {
    let mut add = |method, authenticator| {
        let shown = Shown {
            method,
            authenticator,
        };
        if !all.contains(&shown) {
            all.push(shown);
        }
    };
    for configuration in &strength.combination_configurations {
        match &configuration.restriction {
            CombinationRestriction::Fido2 { allowed_aaguids } => {
                for model in allowed_aaguids {
                    add(AuthenticationMethod::Fido2, Authenticator::Fido2(*model));
                }
            }
            CombinationRestriction::X509Certificate {
                allowed_issuer_skis,
                allowed_policy_oids,
            } => {
                let issuers = allowed_issuer_skis.iter().map(Some);
                for issuer in issuers.chain(allowed_issuer_skis.is_empty().then_some(None)) {
                    let policies = allowed_policy_oids.iter().map(Some);
                    for policy in policies.chain(allowed_policy_oids.is_empty().then_some(None)) {
                        for method in [
                            AuthenticationMethod::X509CertificateSingleFactor,
                            AuthenticationMethod::X509CertificateMultiFactor,
                        ] {
                            let certificate = Authenticator::Certificate {
                                issuer_ski: issuer.cloned(),
                                policy_oids: policy.into_iter().cloned().collect(),
                            };
                            add(method, certificate);
                        }
                    }
                }
            }
        }
    }
}

/// Of whom, and doing what, it is asked whether evidence meets a demand.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) side: &'a Side,
    pub(crate) who: &'a Who,
    pub(crate) reached: Reached,
}

impl Ask<'_> {
    /// Whether somebody with this evidence and a device, an application and a platform that nothing is wrong with meets a demand.
    pub(crate) fn meets(self, demanding: &Demanding, wallet: &Wallet, evidence: Evidence) -> bool {
        let own = self.side.configuration.organization.id;
        let (mut sign_in, origin) = person(self.who, ClientId::DIRECTORY);
        self.reached.put(&mut sign_in);
        let home = self.who.home_tenant().unwrap_or(own);
        wallet.show(evidence, &mut sign_in, own, home);
        sign_in.platform = Some(DevicePlatform::Ios);
        sign_in.client_protection = ClientProtection {
            is_approved: true,
            is_compliant: true,
        };
        sign_in.device = Some(DeviceClaims {
            tenant_id: home,
            device_id: DeviceId::new(Uuid::nil()),
            is_compliant: true,
            trust_type: DeviceTrustType::ServerAd,
            attributes: DeviceAttributes::default(),
        });
        demanding.is_met(sign_in, origin)
    }
}
