//! Words become facts; a condition whose signal is absent is noted, so that nobody takes silence for an answer.

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, UserAction};
use portcullis_model::country::CountryCode;
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods, Factor};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::{DeviceId, TenantId};
use portcullis_policy::facts::{
    Authenticator, ClientProtection, Fulfilled, Interaction, MethodFacts, Methods, PlaceFacts,
    Proof, RiskFacts, SignIn,
};
use uuid::Uuid;

use super::{Notes, Question, is_person};
use crate::directory::Unresolved;
use crate::evaluate::Signal;
use crate::situation::{
    Absent, Ago, ClientAppWord, Country, DetailedProof, DeviceSituation, FlowWord, InsiderRiskWord,
    MethodLists, MethodsByPlace, PlaceWord, PlatformWord, Proven, RegisteredDevice, RiskWord,
    Situation, TrustTypeWord, UserActionWord,
};

/// The tenants that the words "home" and "resource" stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) home: TenantId,
    pub(super) resource: TenantId,
    /// The credentials live with no tenant, and "home" is whoever vouches for the identity.
    pub(super) is_without_home: bool,
}

impl Places {
    const fn tenant(self, word: Option<PlaceWord>) -> TenantId {
        match word {
            Some(PlaceWord::Home) | None => self.home,
            Some(PlaceWord::Resource) => self.resource,
        }
    }
}

pub(super) fn fill(
    question: &Question<'_>,
    places: Places,
    sign_in: &mut SignIn,
    notes: &mut Notes,
) -> Result<(), Unresolved> {
    let situation = question.situation;
    match question.absent {
        Absent::Unknown => notes.not_given.extend(absent(situation, sign_in)),
        Absent::Nothing => notes.not_given.clear(),
    }
    sign_in.user_action = situation.user_action.map(|action| match action {
        UserActionWord::RegisterSecurityInformation => UserAction::RegisterSecurityInformation,
        UserActionWord::RegisterOrJoinDevices => UserAction::RegisterOrJoinDevices,
    });
    let contexts = situation.authentication_context.iter();
    sign_in.authentication_contexts = contexts.flat_map(|many| &many.0).map(|one| one.0).collect();
    sign_in.client_app_type = situation
        .client_app
        .map_or(ClientAppType::Browser, client_app_type);
    sign_in.platform = situation.platform.and_then(platform);
    sign_in.ip_address = situation.ip;
    sign_in.country = situation.country.and_then(country);
    sign_in.place = PlaceFacts {
        gps_country: situation.gps_country.and_then(country),
        compliant_network: (situation.compliant_network == Some(true)).then_some(places.resource),
    };
    sign_in.device = match &situation.device {
        None | Some(DeviceSituation::Unregistered(_)) => None,
        Some(DeviceSituation::Registered(device)) => Some(claims(device, places)),
    };
    sign_in.client_protection = ClientProtection {
        is_approved: situation.approved_app == Some(true),
        is_compliant: situation.protected_app == Some(true),
    };
    sign_in.risk = RiskFacts {
        sign_in: situation.sign_in_risk.map_or(RiskLevel::None, risk),
        user: situation.user_risk.map_or(RiskLevel::None, risk),
        service_principal: situation
            .service_principal_risk
            .map_or(RiskLevel::None, risk),
        insider: situation.insider_risk.and_then(insider_risk),
    };
    sign_in.transfer_method = situation.flow.and_then(transfer_method);
    sign_in.fulfilled = fulfilled(question)?;
    sign_in.requests_mfa = situation.requests_mfa == Some(true);
    if is_person(&sign_in.subject) {
        sign_in.proofs = proofs(situation, places, question.at, notes);
        sign_in.methods = methods(situation, places, notes);
        register_proven(&sign_in.proofs, places, &mut sign_in.methods);
        sign_in.interaction = match situation.interactive {
            Some(true) | None => Interaction::Interactive,
            Some(false) => Interaction::Silent,
        };
    }
    Ok(())
}

/// The signals a condition could ask for and nobody gave.
fn absent(situation: &Situation, sign_in: &SignIn) -> BTreeSet<Signal> {
    let person = is_person(&sign_in.subject);
    [
        (Signal::ClientApp, person && situation.client_app.is_none()),
        (Signal::Platform, person && situation.platform.is_none()),
        (Signal::Ip, situation.ip.is_none()),
        (Signal::Country, situation.country.is_none()),
        (
            Signal::GpsCountry,
            person && situation.gps_country.is_none(),
        ),
        (
            Signal::CompliantNetwork,
            person && situation.compliant_network.is_none(),
        ),
        (Signal::Device, person && situation.device.is_none()),
        (
            Signal::SignInRisk,
            person && situation.sign_in_risk.is_none(),
        ),
        (Signal::UserRisk, person && situation.user_risk.is_none()),
        (
            Signal::ServicePrincipalRisk,
            !person && situation.service_principal_risk.is_none(),
        ),
        (
            Signal::InsiderRisk,
            person && situation.insider_risk.is_none(),
        ),
        (Signal::Flow, person && situation.flow.is_none()),
    ]
    .into_iter()
    .filter_map(|(signal, is_absent)| is_absent.then_some(signal))
    .collect()
}

const fn client_app_type(word: ClientAppWord) -> ClientAppType {
    match word {
        ClientAppWord::Browser => ClientAppType::Browser,
        ClientAppWord::MobileAppsAndDesktopClients => ClientAppType::MobileAppsAndDesktopClients,
        ClientAppWord::ExchangeActiveSync => ClientAppType::ExchangeActiveSync,
        ClientAppWord::EasSupported => ClientAppType::EasSupported,
        ClientAppWord::Other => ClientAppType::Other,
    }
}

const fn platform(word: PlatformWord) -> Option<DevicePlatform> {
    match word {
        PlatformWord::Android => Some(DevicePlatform::Android),
        PlatformWord::Ios => Some(DevicePlatform::Ios),
        PlatformWord::Windows => Some(DevicePlatform::Windows),
        PlatformWord::WindowsPhone => Some(DevicePlatform::WindowsPhone),
        PlatformWord::MacOs => Some(DevicePlatform::MacOs),
        PlatformWord::Linux => Some(DevicePlatform::Linux),
        PlatformWord::Unknown => None,
    }
}

const fn country(country: Country) -> Option<CountryCode> {
    match country {
        Country::Unknown => None,
        Country::Known(code) => Some(code),
    }
}

const fn risk(word: RiskWord) -> RiskLevel {
    match word {
        RiskWord::None => RiskLevel::None,
        RiskWord::Low => RiskLevel::Low,
        RiskWord::Medium => RiskLevel::Medium,
        RiskWord::High => RiskLevel::High,
    }
}

const fn insider_risk(word: InsiderRiskWord) -> Option<InsiderRiskLevel> {
    match word {
        InsiderRiskWord::None => None,
        InsiderRiskWord::Minor => Some(InsiderRiskLevel::Minor),
        InsiderRiskWord::Moderate => Some(InsiderRiskLevel::Moderate),
        InsiderRiskWord::Elevated => Some(InsiderRiskLevel::Elevated),
    }
}

const fn transfer_method(word: FlowWord) -> Option<TransferMethod> {
    match word {
        FlowWord::None => None,
        FlowWord::DeviceCodeFlow => Some(TransferMethod::DeviceCodeFlow),
        FlowWord::AuthenticationTransfer => Some(TransferMethod::AuthenticationTransfer),
    }
}

fn claims(device: &RegisteredDevice, places: Places) -> DeviceClaims {
    DeviceClaims {
        tenant_id: places.tenant(device.vouched_by),
        device_id: DeviceId::new(device.device_id.unwrap_or(Uuid::nil())),
        is_compliant: device.is_compliant == Some(true),
        trust_type: match device.trust_type {
            Some(TrustTypeWord::Workplace) | None => DeviceTrustType::Workplace,
            Some(TrustTypeWord::AzureAd) => DeviceTrustType::AzureAd,
            Some(TrustTypeWord::ServerAd) => DeviceTrustType::ServerAd,
        },
        attributes: DeviceAttributes {
            display_name: device.display_name.clone(),
            device_ownership: device.device_ownership.clone(),
            enrollment_profile_name: device.enrollment_profile_name.clone(),
            manufacturer: device.manufacturer.clone(),
            mdm_app_id: device.mdm_app_id.clone(),
            model: device.model.clone(),
            operating_system: device.operating_system.clone(),
            operating_system_version: device.operating_system_version.clone(),
            physical_ids: device.physical_ids.clone(),
            profile_type: device.profile_type.clone(),
            system_labels: device.system_labels.clone(),
            extension_attributes: device.extension_attributes.clone(),
        },
    }
}

fn fulfilled(question: &Question<'_>) -> Result<Fulfilled, Unresolved> {
    let situation = question.situation;
    let accepted = situation.accepted.iter().flat_map(|many| &many.0);
    let factors = situation.custom_factors.iter().flat_map(|many| &many.0);
    let moment = |ago: Option<Ago>| ago.map(|ago| before(question.at, ago));
    Ok(Fulfilled {
        terms_of_use: accepted
            .map(|name| question.tenant.find_agreement(name))
            .collect::<Result<_, _>>()?,
        custom_factors: factors.cloned().collect(),
        password_changed_at: moment(situation.password_changed),
        risk_remediated_at: moment(situation.risk_remediated),
    })
}

/// Fractions of a second stay, so that what is written in an order was done in it.
fn before(at: Timestamp, ago: Ago) -> Timestamp {
    let ago = i128::from(ago.seconds).saturating_mul(1_000_000_000);
    let nanosecond = at.as_nanosecond().saturating_sub(ago);
    Timestamp::from_nanosecond(nanosecond).unwrap_or(at)
}

fn proofs(situation: &Situation, places: Places, at: Timestamp, notes: &mut Notes) -> Vec<Proof> {
    let bare = |method| Proof {
        tenant: places.home,
        method,
        at,
        authenticator: Authenticator::Unnamed,
    };
    let Some(proven) = &situation.proven else {
        notes.suppose(
            "the user has just given a password in their own tenant, and proven nothing else",
        );
        return vec![bare(AuthenticationMethod::Password)];
    };
    let proof = |proven: &Proven| match proven {
        Proven::Method(method) => Some(bare(*method)),
        Proven::Detailed(detailed) => Some(Proof {
            tenant: places.tenant(detailed.at),
            at: before(at, detailed.ago.unwrap_or_default()),
            authenticator: authenticator(detailed),
            ..bare(vouched_for(detailed, places)?)
        }),
    };
    let proofs: Vec<Proof> = proven.iter().filter_map(proof).collect();
    if proofs.len() < proven.len() {
        notes.suppose("a second step at the guest's own identity provider counts for nothing here");
    }
    proofs
}

/// What a proof counts as. The word of an identity provider that is no tenant is one factor, never two (specification 8.4).
fn vouched_for(proof: &DetailedProof, places: Places) -> Option<AuthenticationMethod> {
    if !places.is_without_home || proof.at != Some(PlaceWord::Home) {
        return Some(proof.method);
    }
    match proof.method.factor() {
        Factor::First => Some(proof.method),
        Factor::Both => Some(AuthenticationMethod::FederatedSingleFactor),
        Factor::Second => None,
    }
}

fn authenticator(proof: &DetailedProof) -> Authenticator {
    match (
        proof.aaguid,
        &proof.issuer_ski,
        proof.policy_oids.as_slice(),
    ) {
        (Some(model), ..) => Authenticator::Fido2(model),
        (None, None, []) => Authenticator::Unnamed,
        (None, issuer_ski, policy_oids) => Authenticator::Certificate {
            issuer_ski: issuer_ski.clone(),
            policy_oids: policy_oids.to_vec(),
        },
    }
}

fn methods(situation: &Situation, places: Places, notes: &mut Notes) -> MethodFacts {
    let everything = Methods {
        registered: AuthenticationMethods::NONE,
        registrable: set(&AuthenticationMethod::ALL),
    };
    let Some(MethodsByPlace { home, resource }) = &situation.methods else {
        notes.suppose("no further method is registered, and every one can be");
        return MethodFacts {
            home: everything,
            resource: everything,
        };
    };
    let facts = |lists: &Option<MethodLists>| {
        lists.as_ref().map(|lists| Methods {
            registered: set(&lists.registered),
            registrable: set(&lists.registrable),
        })
    };
    let (home, resource) = (facts(home), facts(resource));
    if places.home == places.resource {
        let own = home.or(resource).unwrap_or(everything);
        return MethodFacts {
            home: own,
            resource: own,
        };
    }
    MethodFacts {
        home: home.unwrap_or(everything),
        resource: resource.unwrap_or(everything),
    }
}

/// Whoever has just proven a method has it registered there. A pass for one time is spent by that, and of certificates it says that the
/// user has this one, which may be none of those that a strength allows.
fn register_proven(proofs: &[Proof], places: Places, methods: &mut MethodFacts) {
    const OTHERS: [AuthenticationMethod; 3] = [
        AuthenticationMethod::TemporaryAccessPassOneTime,
        AuthenticationMethod::X509CertificateSingleFactor,
        AuthenticationMethod::X509CertificateMultiFactor,
    ];
    for proof in proofs.iter().filter(|one| !OTHERS.contains(&one.method)) {
        for (tenant, place) in [
            (places.home, &mut methods.home),
            (places.resource, &mut methods.resource),
        ] {
            if proof.tenant == tenant {
                place.registered = place.registered.with(proof.method);
            }
        }
    }
}

fn set(methods: &[AuthenticationMethod]) -> AuthenticationMethods {
    let none = AuthenticationMethods::NONE;
    methods.iter().fold(none, |set, method| set.with(*method))
}
