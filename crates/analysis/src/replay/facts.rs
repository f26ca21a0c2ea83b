//! From a row to facts: what it says becomes a fact, what it does not say is noted and supposed both ways.

mod device;
mod subject;
mod words;

use std::collections::BTreeSet;

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, GrantControl, Target};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::id::{AgreementId, ClientId, TenantId};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::facts::{
    ClientProtection, Fulfilled, Interaction, MethodFacts, Methods, RiskFacts, SignIn,
};
use portcullis_policy::hypothesis::SupposedOrigin;
use portcullis_whatif::directory::DirectoryTenant;

use super::missing::{Missing, MissingSet};
use super::people::People;
use super::proven::{Ended, Log, Proven, Proving};
use super::row::{Row, said};
use super::sides::{Knowledge, Sides};
use subject::Somebody;
use words::{client_app_type, platform, risk, transfer_method};

/// One sign-in, as far as its row says.
#[derive(Debug)]
pub(super) struct Case {
    /// With whatever is unknown so that least is asked.
    pub(super) lenient: SignIn,
    /// With whatever is unknown so that most is asked; `None`: nothing is unknown.
    pub(super) strict: Option<SignIn>,
    pub(super) origin: SupposedOrigin,
    pub(super) knowledge: Knowledge,
    /// What is unknown and could matter to some policy.
    pub(super) missing: MissingSet,
}

/// Whose tenant rows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantIdentity {
    /// The tenant has this id in rows.
    Known(TenantId),
    /// The world is an export of policies and does not say.
    Unsaid,
}

/// What rows are read against.
#[derive(Debug)]
pub(super) struct Reader {
    tenant: CompiledTenant,
    identity: TenantIdentity,
    people: People,
    principals: Principals,
    contexts: BTreeSet<AuthenticationContextId>,
    everything_done: Fulfilled,
    asked: MissingSet,
    told_apart: AuthenticationMethods,
    asks_for_models: bool,
}

/// The applications of the tenant, for rows that name them otherwise than by appId.
#[derive(Debug)]
struct Principals {
    by_object: Vec<(String, ClientId)>,
    by_name: Vec<(String, ClientId)>,
}

impl Principals {
    fn new(configuration: &TenantConfiguration) -> Self {
        let principals = &configuration.service_principals;
        let by_object = principals
            .iter()
            .map(|one| (one.id.to_string(), one.app_id));
        let by_name = principals
            .iter()
            .map(|one| (one.display_name.to_lowercase(), one.app_id));
        Self {
            by_object: by_object.collect(),
            by_name: by_name.collect(),
        }
    }

    /// The one application that is called so.
    fn find(list: &[(String, ClientId)], text: &str) -> Option<ClientId> {
        let text = text.to_lowercase();
        let mut found = list
            .iter()
            .filter(|(one, _)| *one == text)
            .map(|(_, id)| *id);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}

impl Reader {
    pub(super) fn new(
        tenant: &DirectoryTenant,
        after: &TenantConfiguration,
        sides: &Sides,
        identity: TenantIdentity,
    ) -> Self {
        let both = [tenant.configuration(), after];
        Self {
            tenant: tenant.compiled().clone(),
            identity,
            people: People::new(tenant),
            principals: Principals::new(tenant.configuration()),
            contexts: both.iter().flat_map(|side| contexts(side)).collect(),
            everything_done: everything_done(&both),
            asked: sides.asked,
            told_apart: sides.told_apart,
            asks_for_models: sides.asks_for_models,
        }
    }

    /// The sign-in of this row.
    pub(super) fn read(&self, row: &Row<'_>, log: Log) -> Case {
        let at = row.created_date_time.unwrap_or_default();
        let mut missing = MissingSet::NOTHING;
        let mut knowledge = Knowledge::Whole;
        let mut audiences = self.audiences(row);
        if audiences.is_empty() {
            // Something was reached: whatever is about all of them could have a say.
            audiences.insert(ClientId::DIRECTORY);
            missing.add(Missing::Target);
            knowledge = Knowledge::Nothing;
        }
        let client = id(row.app_id.as_ref()).unwrap_or(ClientId::DIRECTORY);
        let mut somebody = self.somebody(row);
        if somebody.missing.contains(Missing::Subject) || somebody.missing.contains(Missing::Origin)
        {
            knowledge = Knowledge::Nothing;
        } else if knowledge != Knowledge::Nothing {
            knowledge = somebody.knowledge;
        }
        missing = missing.or(std::mem::take(&mut somebody.missing));
        let place = self.places(row, &somebody);
        let mut lenient = SignIn::new(somebody.subject, client, audiences, at);
        lenient.interaction = match row.is_interactive {
            Some(true) => Interaction::Interactive,
            Some(false) | None => Interaction::Silent,
        };
        let mut strict = lenient.clone();
        let mut both = Both {
            lenient: &mut lenient,
            strict: &mut strict,
            missing: &mut missing,
        };
        both.circumstances(row, log);
        both.risks(row, log);
        both.contexts(row, log, &self.contexts);
        if somebody.is_person {
            both.device(row, log, place.home);
            both.proven(self, row, log, place);
            both.done(self, log);
        }
        let always = [Missing::Subject, Missing::Origin, Missing::Target];
        let asked = self.asked.or(always.into_iter().collect());
        let missing = missing.and(asked);
        if self.asks_for_models && missing.contains(Missing::Method) {
            knowledge = Knowledge::Nothing;
        }
        Case {
            lenient,
            strict: (!missing.is_empty()).then_some(strict),
            origin: somebody.origin,
            knowledge,
            missing,
        }
    }

    /// Whether the application is another tenant's, and so the policies.
    pub(super) fn is_elsewhere(&self, row: &Row<'_>) -> bool {
        match (self.identity, said(row.resource_tenant_id.as_ref())) {
            (TenantIdentity::Known(own), Some(text)) => {
                text.parse::<TenantId>().is_ok_and(|tenant| tenant != own)
            }
            (TenantIdentity::Unsaid, _) | (TenantIdentity::Known(_), None) => false,
        }
    }

    fn audiences(&self, row: &Row<'_>) -> BTreeSet<ClientId> {
        let audiences = row.conditional_access_audiences.iter().flatten();
        let audiences: BTreeSet<ClientId> = audiences
            .filter_map(|audience| audience.id()?.parse().ok())
            .collect();
        if !audiences.is_empty() {
            return audiences;
        }
        let by_id = || id(row.resource_id.as_ref());
        let by_object = || {
            let text = said(row.resource_service_principal_id.as_ref())?;
            Principals::find(&self.principals.by_object, text)
        };
        let by_name = || {
            let text = said(row.resource_display_name.as_ref())?;
            Principals::find(&self.principals.by_name, text)
        };
        by_id()
            .or_else(by_object)
            .or_else(by_name)
            .into_iter()
            .collect()
    }

    /// Where the proofs of a row were given.
    fn places(&self, row: &Row<'_>, somebody: &Somebody) -> Places {
        let resource = self.tenant.id();
        let home = match somebody.origin {
            SupposedOrigin::Internal | SupposedOrigin::WithoutHome => resource,
            SupposedOrigin::Tenant { home, .. } => home.tenant_id,
        };
        let trusts = home != resource && self.tenant.trust(home).mfa;
        Places {
            home,
            resource,
            accepted: if trusts { home } else { resource },
            ended: match row.error_code() {
                Some(0) => Ended::LetIn,
                Some(_) | None => Ended::Otherwise,
            },
        }
    }
}

/// The tenants of a row.
#[derive(Debug, Clone, Copy)]
struct Places {
    home: TenantId,
    resource: TenantId,
    accepted: TenantId,
    ended: Ended,
}

/// The two suppositions about one sign-in, and what keeps them apart.
struct Both<'a> {
    lenient: &'a mut SignIn,
    strict: &'a mut SignIn,
    missing: &'a mut MissingSet,
}

impl Both<'_> {
    fn each(&mut self, set: impl Fn(&mut SignIn)) {
        set(self.lenient);
        set(self.strict);
    }

    /// What the client and its address tell.
    fn circumstances(&mut self, row: &Row<'_>, log: Log) {
        let client = said(row.client_app_used.as_ref()).and_then(client_app_type);
        if let Some(kind) = client {
            self.each(|one| one.client_app_type = kind);
        } else {
            self.strict.client_app_type = ClientAppType::Other;
            self.missing.add(Missing::ClientApp);
        }
        if let Some(platform) = platform(row, log) {
            self.each(|one| one.platform = platform);
        } else {
            // One for which there are approved applications.
            self.lenient.platform = Some(DevicePlatform::Ios);
            self.missing.add(Missing::Platform);
        }
        let address = said(row.ip_address.as_ref());
        match (address.and_then(|text| text.parse().ok()), log) {
            (Some(address), _) => self.each(|one| one.ip_address = Some(address)),
            (None, Log::Own) if address.is_none() => {}
            (None, Log::Own | Log::Other) => self.missing.add(Missing::IpAddress),
        }
        let country = row.location.as_ref();
        let country = said(country.and_then(|one| one.country_or_region.as_ref()));
        match (country.map(str::parse), log) {
            (Some(Ok(country)), _) => self.each(|one| one.country = Some(country)),
            (None, Log::Own) => {}
            (Some(Err(_)), _) | (None, Log::Other) => self.missing.add(Missing::Country),
        }
        match (transfer_method(row), log) {
            (Some(method), _) => self.each(|one| one.transfer_method = method),
            (None, Log::Own) => {}
            (None, Log::Other) => {
                self.strict.transfer_method = Some(TransferMethod::DeviceCodeFlow);
                self.missing.add(Missing::TransferMethod);
            }
        }
        // Our server sees neither; other logs do not tell.
        if log == Log::Other {
            self.missing.add(Missing::GpsCountry);
            self.missing.add(Missing::CompliantNetwork);
        }
    }

    fn risks(&mut self, row: &Row<'_>, log: Log) {
        let level = said(row.risk_level_during_sign_in.as_ref()).and_then(risk);
        match (level, log) {
            (Some(level), _) => self.each(|one| one.risk.sign_in = level),
            // Our server knows of no risk, and decides without.
            (None, Log::Own) => {}
            (None, Log::Other) => {
                self.strict.risk.sign_in = RiskLevel::High;
                self.missing.add(Missing::SignInRisk);
            }
        }
        if log == Log::Own {
            return;
        }
        self.strict.risk = RiskFacts {
            user: RiskLevel::High,
            service_principal: RiskLevel::High,
            insider: Some(InsiderRiskLevel::Elevated),
            ..self.strict.risk
        };
        self.missing.add(Missing::UserRisk);
        self.missing.add(Missing::ServicePrincipalRisk);
        self.missing.add(Missing::InsiderRisk);
    }

    fn contexts(&mut self, row: &Row<'_>, log: Log, all: &BTreeSet<AuthenticationContextId>) {
        match (&row.authentication_context_class_references, log) {
            (Some(references), _) => {
                let asked = references
                    .iter()
                    .filter(|one| said(one.detail.as_ref()) != Some("notApplicable"));
                let asked: BTreeSet<_> = asked
                    .filter_map(|one| said(one.id.as_ref())?.parse().ok())
                    .collect();
                self.each(|one| one.authentication_contexts.clone_from(&asked));
            }
            (None, Log::Own) => {}
            (None, Log::Other) => {
                self.strict.authentication_contexts.clone_from(all);
                self.missing.add(Missing::Contexts);
            }
        }
    }

    fn proven(&mut self, reader: &Reader, row: &Row<'_>, log: Log, place: Places) {
        let proven = Proven::of(
            row,
            Proving {
                home: place.home,
                resource: place.resource,
                accepted: place.accepted,
                at: self.lenient.at,
                told_apart: reader.told_apart,
                log,
                ended: place.ended,
            },
        );
        *self.missing = self.missing.or(proven.missing);
        let uses_model = |method| match method {
            AuthenticationMethod::Fido2
            | AuthenticationMethod::X509CertificateSingleFactor
            | AuthenticationMethod::X509CertificateMultiFactor => true,
            AuthenticationMethod::Password
            | AuthenticationMethod::Voice
            | AuthenticationMethod::HardwareOath
            | AuthenticationMethod::SoftwareOath
            | AuthenticationMethod::Sms
            | AuthenticationMethod::WindowsHelloForBusiness
            | AuthenticationMethod::MicrosoftAuthenticatorPush
            | AuthenticationMethod::DeviceBasedPush
            | AuthenticationMethod::TemporaryAccessPassOneTime
            | AuthenticationMethod::TemporaryAccessPassMultiUse
            | AuthenticationMethod::Email
            | AuthenticationMethod::FederatedSingleFactor
            | AuthenticationMethod::FederatedMultiFactor
            | AuthenticationMethod::QrCodePin => false,
        };
        if reader.asks_for_models && proven.sure.iter().any(|one| uses_model(one.method)) {
            self.missing.add(Missing::Method);
        }
        self.strict.proofs.clone_from(&proven.sure);
        self.lenient.proofs = proven.sure;
        self.lenient.proofs.extend(proven.perhaps);
    }

    /// What was done beside proving methods, and what could be proven: no log says. That everybody has registered whatever they
    /// are asked for is supposed, so that they are asked.
    fn done(&mut self, reader: &Reader, log: Log) {
        let all = AuthenticationMethod::ALL.into_iter();
        let methods = Methods {
            registered: all.fold(AuthenticationMethods::NONE, AuthenticationMethods::with),
            registrable: AuthenticationMethods::NONE,
        };
        self.each(|one| {
            one.methods = MethodFacts {
                home: methods,
                resource: methods,
            };
        });
        if log == Log::Own {
            return;
        }
        self.lenient.fulfilled = Fulfilled {
            password_changed_at: Some(self.lenient.at),
            risk_remediated_at: Some(self.lenient.at),
            ..reader.everything_done.clone()
        };
        self.lenient.client_protection = ClientProtection {
            is_approved: true,
            is_compliant: true,
        };
        for missing in [
            Missing::TermsOfUse,
            Missing::CustomControls,
            Missing::ClientProtection,
            Missing::Remediation,
        ] {
            self.missing.add(missing);
        }
    }
}

/// The contexts that policies name.
fn contexts(configuration: &TenantConfiguration) -> Vec<AuthenticationContextId> {
    let policies = configuration.conditional_access_policies.iter();
    let named = policies.flat_map(|policy| match &policy.conditions.target {
        Target::AuthenticationContexts(contexts) => contexts.clone(),
        Target::Applications(_) | Target::UserActions(_) => Vec::new(),
    });
    named.collect()
}

/// Every agreement accepted and every custom control met that a policy asks for.
fn everything_done(both: &[&TenantConfiguration]) -> Fulfilled {
    let policies = both
        .iter()
        .flat_map(|side| &side.conditional_access_policies);
    let controls = policies.flat_map(|policy| &policy.grant_controls);
    let mut agreements: BTreeSet<AgreementId> = BTreeSet::new();
    let mut factors = BTreeSet::new();
    for control in controls.flat_map(|grant| &grant.controls) {
        match control {
            GrantControl::TermsOfUse(agreement) => {
                agreements.insert(*agreement);
            }
            GrantControl::CustomAuthenticationFactor(factor) => {
                factors.insert(factor.clone());
            }
            GrantControl::Block
            | GrantControl::Mfa
            | GrantControl::AuthenticationStrength(_)
            | GrantControl::CompliantDevice
            | GrantControl::DomainJoinedDevice
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation => {}
        }
    }
    Fulfilled {
        terms_of_use: agreements,
        custom_factors: factors,
        password_changed_at: None,
        risk_remediated_at: None,
    }
}

/// An object id, if there is one.
fn id<T: std::str::FromStr>(text: Option<&super::row::Text<'_>>) -> Option<T> {
    said(text)?.parse().ok()
}
