//! The same question without an analyser: random sign-ins, of values that the policies name, decided by the engine one by one.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::signal::RiskLevel;
use portcullis_model::conditional_access::{
    ClientAppType, DevicePlatform, ExternalUserType, ExternalUserTypes,
};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::DeviceId;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::{Authenticator, Origin, Proof, SignIn, Subject, UserSubject};
use portcullis_policy::hypothesis::{Hypothesis, SupposedOrigin};
use portcullis_whatif::directory::DirectoryTenant;
use uuid::Uuid;

use crate::world::{Chance, id};

/// So long it looks before it gives up.
const BUDGET: Duration = Duration::from_secs(1);
const NOW: Timestamp = Timestamp::constant(1_798_761_600, 0);

/// What looking came to.
pub(crate) struct Looked {
    pub(crate) sign_ins: u32,
    pub(crate) time: Duration,
    pub(crate) is_found: bool,
}

/// Looks for somebody who gets in with these methods, on whatever device.
pub(crate) fn look(tenant: &DirectoryTenant, proven: &[AuthenticationMethod]) -> Looked {
    let mut chance = Chance(11);
    let compiled = tenant.compiled();
    let begun = Instant::now();
    let mut sign_ins = 0;
    loop {
        let sign_in = sign_in(&mut chance, tenant, proven);
        let supposed = Hypothesis::new(compiled, sign_in, SupposedOrigin::Internal);
        let is_found = *supposed.decide(compiled).outcome() == Outcome::Granted;
        sign_ins += 1;
        let time = begun.elapsed();
        if is_found || time > BUDGET {
            return Looked {
                sign_ins,
                time,
                is_found,
            };
        }
    }
}

/// Somebody in up to four groups, who reaches one of the 200 applications or none that policies name.
fn sign_in(
    chance: &mut Chance,
    tenant: &DirectoryTenant,
    proven: &[AuthenticationMethod],
) -> SignIn {
    let groups = (0..chance.below(5)).map(|_| id(2, chance.below(1000)));
    let groups: BTreeSet<_> = groups.collect();
    let guest = ExternalUserTypes::NONE.with(ExternalUserType::InternalGuest);
    let subject = Subject::User(UserSubject {
        user: Some(id(3, chance.below(40))),
        origin: Origin::Internal,
        external_user_types: if chance.percent(20) {
            guest
        } else {
            ExternalUserTypes::NONE
        },
        groups: groups.into_iter().collect(),
        roles: [].into(),
    });
    let application = id(5, chance.below(220));
    let mut sign_in = SignIn::new(subject, application, BTreeSet::from([application]), NOW);
    sign_in.client_app_type = if chance.percent(50) {
        ClientAppType::Browser
    } else {
        ClientAppType::MobileAppsAndDesktopClients
    };
    sign_in.platform = match chance.below(6) {
        0 => Some(DevicePlatform::Windows),
        1 => Some(DevicePlatform::MacOs),
        2 => Some(DevicePlatform::Ios),
        3 => Some(DevicePlatform::Android),
        4 => Some(DevicePlatform::Linux),
        _ => None,
    };
    let octet = |number: usize| u8::try_from(number).unwrap_or_default();
    let first = octet(1 + chance.below(223));
    let address = Ipv4Addr::new(first, octet(chance.below(256)), 0, 1);
    sign_in.ip_address = Some(IpAddr::from(address));
    sign_in.risk.sign_in = match chance.below(4) {
        0 => RiskLevel::None,
        1 => RiskLevel::Low,
        2 => RiskLevel::Medium,
        _ => RiskLevel::High,
    };
    sign_in.device = chance.percent(50).then(|| DeviceClaims {
        tenant_id: tenant.id(),
        device_id: DeviceId::new(Uuid::nil()),
        is_compliant: true,
        trust_type: DeviceTrustType::ServerAd,
        attributes: DeviceAttributes::default(),
    });
    let proofs = proven.iter().map(|method| Proof {
        tenant: tenant.id(),
        method: *method,
        at: NOW,
        authenticator: Authenticator::Unnamed,
    });
    sign_in.proofs = proofs.collect();
    sign_in
}
