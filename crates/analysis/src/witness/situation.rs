//! A witness as What If understands it, so that it can be asked about, kept as a policy test, and told.

use portcullis_model::conditional_access::filter::DeviceProperty;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, UserAction};
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_policy::facts::{Authenticator, Proof};
use portcullis_whatif::situation::{
    Ago, ClientAppWord, ContextText, Country, DescribedUser, DetailedProof, DeviceSituation,
    FlowWord, InsiderRiskWord, OneOrMany, PlaceWord, PlatformWord, Proven, RegisteredDevice,
    RiskWord, Situation, TrustTypeWord, UserActionWord, UserTypeWord, Who as WhoSituation,
};

use super::Witness;
use crate::told::{Names, client, join_words, platform, property_name, who};
use crate::who::SubjectKind;

impl Witness {
    /// With everything said, so that nothing is left to suppose.
    pub fn situation(&self) -> Situation {
        let is_person = self.who.kind.is_person();
        let risk = |level, applies: bool| applies.then(|| risk_word(level));
        let facts = &self.facts.fulfilled;
        let now = || Ago { seconds: 0 };
        Situation {
            user: is_person.then(|| self.user_situation()),
            service_principal: self.principal.map(|id| id.to_string()),
            app: self.application().map(|id| vec![id.to_string()].into()),
            client: self.client.map(|id| id.to_string()),
            user_action: self.user_action().map(action_word),
            authentication_context: self
                .authentication_context
                .map(|id| OneOrMany(vec![ContextText(id)])),
            client_app: Some(client_word(self.client_app_type)),
            platform: Some(platform_word(self.platform)),
            ip: self.ip_address,
            country: Some(self.country.map_or(Country::Unknown, Country::Known)),
            gps_country: self.gps_country.map(Country::Known),
            compliant_network: Some(self.compliant_network),
            device: is_person.then(|| device_situation(self.device.as_ref())),
            sign_in_risk: risk(self.sign_in_risk, is_person),
            user_risk: risk(self.user_risk, is_person),
            service_principal_risk: risk(self.principal_risk, !is_person),
            insider_risk: is_person.then(|| insider_word(self.insider_risk)),
            flow: is_person.then(|| flow_word(self.transfer_method)),
            proven: is_person.then(|| self.proofs()),
            accepted: some_of(self.accepted.iter().map(ToString::to_string)),
            custom_factors: some_of(facts.custom_factors.iter().cloned()),
            password_changed: facts.password_changed_at.map(|_| now()),
            risk_remediated: facts.risk_remediated_at.map(|_| now()),
            approved_app: is_person.then_some(self.client_protection.is_approved),
            protected_app: is_person.then_some(self.client_protection.is_compliant),
            ..Situation::default()
        }
    }

    fn user_situation(&self) -> WhoSituation {
        if let Some(user) = self.user.filter(|_| self.is_listed) {
            return WhoSituation::Named(user.to_string());
        }
        let has_object = self.who.kind.has_object();
        let groups = self.groups.iter().map(ToString::to_string);
        let roles = self.roles.iter().map(ToString::to_string);
        WhoSituation::Described(DescribedUser {
            id: self.user.map(|id| id.to_string()),
            user_type: Some(type_word(self.who.kind)),
            home_tenant: self.who.home_tenant().map(|id| id.to_string()),
            groups: has_object.then(|| groups.collect::<Vec<_>>().into()),
            roles: has_object.then(|| roles.collect::<Vec<_>>().into()),
        })
    }

    /// In the order in which they count: Windows Hello for Business begins a sign-in.
    fn proofs(&self) -> Vec<Proven> {
        let mut proofs = self.facts.proofs.clone();
        let begins = |proof: &Proof| proof.method != AuthenticationMethod::WindowsHelloForBusiness;
        proofs.sort_by_key(begins);
        let mut proven: Vec<Proven> = Vec::new();
        for proof in &proofs {
            let one = proven_with(proof, self.is_here(proof));
            if !proven.contains(&one) {
                proven.push(one);
            }
        }
        proven
    }

    /// Proven by a user of another tenant in this one.
    fn is_here(&self, proof: &Proof) -> bool {
        let home = self.who.home_tenant();
        home.is_some_and(|home| proof.tenant != home)
    }

    /// Methods, and where they are proven if that matters.
    fn method_words(&self) -> Vec<String> {
        let word = |method: &AuthenticationMethod| {
            let proofs = self.facts.proofs.iter();
            let mut proofs = proofs.filter(|proof| proof.method == *method);
            let place = match (proofs.clone().any(|one| self.is_here(one)), method.factor()) {
                _ if !self.tells_places => "",
                (true, _) if proofs.any(|one| !self.is_here(one)) => " (proven at home and here)",
                (true, _) => " (proven here)",
                (false, Factor::First) => "",
                (false, Factor::Second | Factor::Both) => " (proven at home)",
            };
            format!("{}{place}", method.name())
        };
        self.proven.iter().map(word).collect()
    }

    /// In one sentence without a full stop.
    pub fn told(&self, names: &Names<'_>) -> String {
        let mut parts = vec![
            self.subject_words(names),
            format!("to {}", names.reached(self.reached)),
        ];
        if let Some(client) = self.client {
            parts.push(format!("through {}", names.application(client)));
        }
        if let Some(context) = self.authentication_context {
            parts.push(format!("asking for {context}"));
        }
        if self.who.kind.is_person() {
            parts.push(format!("by {}", client(self.client_app_type)));
            parts.push(format!("from {}", platform(self.platform)));
        }
        parts.extend(self.place_words());
        for (risk, level) in [
            ("sign-in risk", self.sign_in_risk),
            ("user risk", self.user_risk),
            ("service principal risk", self.principal_risk),
        ] {
            if level != RiskLevel::None {
                parts.push(format!("at {risk} {}", level.name()));
            }
        }
        if let Some(level) = self.insider_risk {
            parts.push(format!("at insider risk {}", level.name()));
        }
        if let Some(flow) = self.transfer_method {
            parts.push(format!("through {}", flow.name()));
        }
        if let Some(device) = &self.device {
            let compliant = if device.is_compliant {
                "compliant, "
            } else {
                ""
            };
            let mut words = vec![format!(
                "{compliant}on {}",
                join_words(Some(device.trust_type))
            )];
            let attributes = attribute_words(&device.attributes).into_iter();
            words.extend(attributes.map(|(name, text)| format!("{name} `{text}`")));
            parts.push(format!("({})", words.join(", ")));
        }
        if self.who.kind.is_person() {
            let methods = self.method_words();
            if methods.len() == AuthenticationMethod::ALL.len() {
                parts.push("with every method proven".to_owned());
            } else {
                parts.push(if methods.is_empty() {
                    "with nothing proven".to_owned()
                } else {
                    format!("with {}", methods.join(" and "))
                });
                parts.extend(self.done_beside().into_iter().map(str::to_owned));
            }
        }
        parts.join(" ")
    }

    fn place_words(&self) -> Vec<String> {
        let mut parts = vec![self.ip_address.map_or_else(
            || "at an unknown address".to_owned(),
            |address| format!("at {address}"),
        )];
        match self.country {
            None => parts.push("in an unknown country".to_owned()),
            Some(country) if country.to_string() == "ZZ" => {}
            Some(country) => parts.push(format!("in {country}")),
        }
        if let Some(country) = self.gps_country {
            parts.push(format!("with coordinates in {country}"));
        }
        if self.compliant_network {
            parts.push("through the compliant network".to_owned());
        }
        parts
    }

    /// What it takes beside methods.
    fn done_beside(&self) -> Vec<&'static str> {
        let facts = &self.facts.fulfilled;
        let done = [
            (
                facts.password_changed_at.is_some(),
                "after changing the password",
            ),
            (facts.risk_remediated_at.is_some(), "after ending the risk"),
            (!self.accepted.is_empty(), "with the terms of use accepted"),
            (
                !facts.custom_factors.is_empty(),
                "with the custom control done",
            ),
            (
                self.client_protection.is_approved,
                "in an approved application",
            ),
            (
                self.client_protection.is_compliant,
                "in an application under a protection policy",
            ),
        ];
        let done = done.into_iter().filter(|(is_done, _)| *is_done);
        done.map(|(_, words)| words).collect()
    }

    fn subject_words(&self, names: &Names<'_>) -> String {
        if let Some(principal) = self.principal {
            return names.service_principal(principal);
        }
        let kind = who(&self.who, names);
        let mut words = match self.user {
            Some(user) if self.is_listed => format!("{} ({kind})", names.user(user)),
            Some(user) if user != crate::probe::ACCOUNT => format!("{kind}, {}", names.user(user)),
            Some(_) | None => kind,
        };
        let groups: Vec<String> = self.groups.iter().map(|id| names.group(*id)).collect();
        let roles: Vec<String> = self.roles.iter().map(|id| names.role(*id)).collect();
        if !self.is_listed && !groups.is_empty() {
            words = format!("{words} in group {}", groups.join(" and "));
        }
        if !roles.is_empty() {
            words = format!("{words} with role {}", roles.join(" and "));
        }
        words
    }
}

/// What one proof shows.
fn proven_with(proof: &Proof, is_here: bool) -> Proven {
    let (aaguid, issuer_ski, policy_oids) = match &proof.authenticator {
        Authenticator::Unnamed => (None, None, Vec::new()),
        Authenticator::Fido2(model) => (Some(*model), None, Vec::new()),
        Authenticator::Certificate {
            issuer_ski,
            policy_oids,
        } => (None, issuer_ski.clone(), policy_oids.clone()),
    };
    if !is_here && proof.authenticator == Authenticator::Unnamed {
        return Proven::Method(proof.method);
    }
    Proven::Detailed(DetailedProof {
        method: proof.method,
        at: is_here.then_some(PlaceWord::Resource),
        ago: None,
        aaguid,
        issuer_ski,
        policy_oids,
    })
}

fn some_of(texts: impl Iterator<Item = String>) -> Option<OneOrMany<String>> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| texts.into())
}

fn device_situation(device: Option<&DeviceClaims>) -> DeviceSituation {
    let Some(device) = device else {
        return DeviceSituation::UNREGISTERED;
    };
    let attributes = device.attributes.clone();
    DeviceSituation::Registered(Box::new(RegisteredDevice {
        vouched_by: None,
        device_id: Some(device.device_id.uuid()),
        is_compliant: Some(device.is_compliant),
        trust_type: Some(match device.trust_type {
            DeviceTrustType::Workplace => TrustTypeWord::Workplace,
            DeviceTrustType::AzureAd => TrustTypeWord::AzureAd,
            DeviceTrustType::ServerAd => TrustTypeWord::ServerAd,
        }),
        display_name: attributes.display_name,
        device_ownership: attributes.device_ownership,
        enrollment_profile_name: attributes.enrollment_profile_name,
        manufacturer: attributes.manufacturer,
        mdm_app_id: attributes.mdm_app_id,
        model: attributes.model,
        operating_system: attributes.operating_system,
        operating_system_version: attributes.operating_system_version,
        physical_ids: attributes.physical_ids,
        profile_type: attributes.profile_type,
        system_labels: attributes.system_labels,
        extension_attributes: attributes.extension_attributes,
    }))
}

/// Those that a device has, as filters call them.
fn attribute_words(attributes: &DeviceAttributes) -> Vec<(String, String)> {
    let texts = [
        (DeviceProperty::DisplayName, &attributes.display_name),
        (
            DeviceProperty::DeviceOwnership,
            &attributes.device_ownership,
        ),
        (
            DeviceProperty::EnrollmentProfileName,
            &attributes.enrollment_profile_name,
        ),
        (DeviceProperty::Manufacturer, &attributes.manufacturer),
        (DeviceProperty::MdmAppId, &attributes.mdm_app_id),
        (DeviceProperty::Model, &attributes.model),
        (
            DeviceProperty::OperatingSystem,
            &attributes.operating_system,
        ),
        (
            DeviceProperty::OperatingSystemVersion,
            &attributes.operating_system_version,
        ),
        (DeviceProperty::ProfileType, &attributes.profile_type),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(property, text)| Some((property, text.clone()?)));
    let lists = [
        (DeviceProperty::PhysicalIds, &attributes.physical_ids),
        (DeviceProperty::SystemLabels, &attributes.system_labels),
    ];
    let lists = lists.into_iter().filter(|(_, texts)| !texts.is_empty());
    let lists = lists.map(|(property, texts)| (property, texts.join(", ")));
    let numbered = attributes.extension_attributes.iter();
    let numbered =
        numbered.map(|(number, text)| (DeviceProperty::ExtensionAttribute(*number), text.clone()));
    let all = texts.chain(lists).chain(numbered);
    all.map(|(property, text)| (property_name(property), text))
        .collect()
}

const fn type_word(kind: SubjectKind) -> UserTypeWord {
    match kind {
        SubjectKind::Member | SubjectKind::WorkloadIdentity => UserTypeWord::Member,
        SubjectKind::InternalGuest => UserTypeWord::InternalGuest,
        SubjectKind::B2bCollaborationGuest => UserTypeWord::B2bCollaborationGuest,
        SubjectKind::B2bCollaborationMember => UserTypeWord::B2bCollaborationMember,
        SubjectKind::B2bDirectConnectUser => UserTypeWord::B2bDirectConnectUser,
        SubjectKind::OtherExternalUser => UserTypeWord::OtherExternalUser,
        SubjectKind::ServiceProvider => UserTypeWord::ServiceProvider,
    }
}

const fn action_word(action: UserAction) -> UserActionWord {
    match action {
        UserAction::RegisterSecurityInformation => UserActionWord::RegisterSecurityInformation,
        UserAction::RegisterOrJoinDevices => UserActionWord::RegisterOrJoinDevices,
    }
}

const fn client_word(client: ClientAppType) -> ClientAppWord {
    match client {
        ClientAppType::Browser => ClientAppWord::Browser,
        ClientAppType::MobileAppsAndDesktopClients => ClientAppWord::MobileAppsAndDesktopClients,
        ClientAppType::ExchangeActiveSync => ClientAppWord::ExchangeActiveSync,
        ClientAppType::EasSupported => ClientAppWord::EasSupported,
        ClientAppType::Other => ClientAppWord::Other,
    }
}

const fn platform_word(platform: Option<DevicePlatform>) -> PlatformWord {
    match platform {
        Some(DevicePlatform::Android) => PlatformWord::Android,
        Some(DevicePlatform::Ios) => PlatformWord::Ios,
        Some(DevicePlatform::Windows) => PlatformWord::Windows,
        Some(DevicePlatform::WindowsPhone) => PlatformWord::WindowsPhone,
        Some(DevicePlatform::MacOs) => PlatformWord::MacOs,
        Some(DevicePlatform::Linux) => PlatformWord::Linux,
        None => PlatformWord::Unknown,
    }
}

const fn risk_word(level: RiskLevel) -> RiskWord {
    match level {
        RiskLevel::None => RiskWord::None,
        RiskLevel::Low => RiskWord::Low,
        RiskLevel::Medium => RiskWord::Medium,
        RiskLevel::High => RiskWord::High,
    }
}

const fn insider_word(level: Option<InsiderRiskLevel>) -> InsiderRiskWord {
    match level {
        None => InsiderRiskWord::None,
        Some(InsiderRiskLevel::Minor) => InsiderRiskWord::Minor,
        Some(InsiderRiskLevel::Moderate) => InsiderRiskWord::Moderate,
        Some(InsiderRiskLevel::Elevated) => InsiderRiskWord::Elevated,
    }
}

const fn flow_word(method: Option<TransferMethod>) -> FlowWord {
    match method {
        None => FlowWord::None,
        Some(TransferMethod::DeviceCodeFlow) => FlowWord::DeviceCodeFlow,
        Some(TransferMethod::AuthenticationTransfer) => FlowWord::AuthenticationTransfer,
    }
}
