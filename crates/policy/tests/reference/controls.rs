//! What one grant control comes to (specification, sections 5.4, 5.5 and 8.3 to 8.7).

use portcullis_model::Timestamp;
use portcullis_model::authentication_strength::{
    BuiltInStrength, CombinationConfiguration, CombinationRestriction,
};
use portcullis_model::conditional_access::signal::{RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, DevicePlatform, GrantControl, GrantOperator,
    SignInInterval, Target, UserAction,
};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods, Factor};
use portcullis_model::cross_tenant_access::InboundTrust;
use portcullis_model::device::DeviceTrustType;
use portcullis_model::id::{AgreementId, AuthenticationStrengthId, PolicyId, TenantId};
use portcullis_policy::decision::{BlockReason, Challenge};
use portcullis_policy::facts::{
    Authenticator, Channel, Methods, Origin, Proof, Subject, UserSubject,
};

use super::filter::KnownDevice;
use super::{Says, World, ask};

/// What a strength allows, and what it demands beside the methods.
pub(super) struct Strength {
    combinations: Vec<AuthenticationMethods>,
    configurations: Vec<CombinationConfiguration>,
}

/// Whether a method may be registered now.
type Registering = Result<(), BlockReason>;

impl World<'_> {
    pub(super) fn control(
        &self,
        control: &GrantControl,
        policy: Option<&ConditionalAccessPolicy>,
        beside: &[&ConditionalAccessPolicy],
    ) -> Says {
        let interval = self.frequency(beside).map(|merged| merged.interval);
        if self.is_legacy() {
            return Says::Refuse(self.refused_legacy(control));
        }
        let Some(user) = self.user() else {
            return Says::Refuse(BlockReason::BlockedByPolicy);
        };
        let is_internal = user.origin == Origin::Internal;
        let has_object = matches!(user.channel(), Channel::Internal | Channel::Collaboration);
        let refuse = Says::Refuse;
        let pass_if = |holds: bool, otherwise: Says| if holds { Says::Pass } else { otherwise };
        let on = |platforms: &[DevicePlatform]| {
            let platform = self.sign_in.platform;
            platform.is_some_and(|one| platforms.contains(&one))
        };
        let not_here = policy
            .and_then(|policy| self.risk_elsewhere(policy))
            .unwrap_or(BlockReason::NotForExternalUsers);
        match control {
            GrantControl::Block => refuse(BlockReason::BlockedByPolicy),
            GrantControl::Mfa => self.mfa(interval, self.registering(policy, beside)),
            GrantControl::AuthenticationStrength(id) => match policy {
                Some(policy) => self.strength_control(policy, *id, interval, beside),
                None => refuse(BlockReason::PolicyNotEvaluable),
            },
            GrantControl::CompliantDevice => self.device_control(
                self.trusts(|trust| trust.is_compliant_device_accepted),
                |device| device.is_compliant == Some(true),
                BlockReason::DeviceNotCompliant,
            ),
            GrantControl::DomainJoinedDevice => self.device_control(
                self.trusts(|trust| trust.is_hybrid_azure_ad_joined_device_accepted),
                |device| device.trust_type == Some(DeviceTrustType::ServerAd),
                BlockReason::DeviceNotDomainJoined,
            ),
            GrantControl::ApprovedApplication => pass_if(
                is_internal
                    && self.sign_in.client_protection.is_approved
                    && on(&[DevicePlatform::Ios, DevicePlatform::Android]),
                refuse(BlockReason::ApplicationNotApproved),
            ),
            GrantControl::CompliantApplication => pass_if(
                is_internal
                    && self.sign_in.client_protection.is_compliant
                    && on(&[
                        DevicePlatform::Ios,
                        DevicePlatform::Android,
                        DevicePlatform::Windows,
                    ]),
                refuse(BlockReason::ApplicationNotProtected),
            ),
            GrantControl::PasswordChange | GrantControl::RiskRemediation if !is_internal => {
                refuse(not_here)
            }
            GrantControl::PasswordChange => self.password_change(interval, beside),
            GrantControl::RiskRemediation => self.risk_remediation(interval),
            GrantControl::TermsOfUse(id) => self.terms_of_use(*id, is_internal, has_object),
            GrantControl::CustomAuthenticationFactor(_) if !has_object => {
                refuse(BlockReason::NotForExternalUsers)
            }
            GrantControl::CustomAuthenticationFactor(id) => {
                let vouched = self.sign_in.fulfilled.custom_factors.contains(id);
                pass_if(
                    vouched,
                    ask(Challenge::CustomAuthenticationFactor(id.clone())),
                )
            }
        }
    }

    fn is_legacy(&self) -> bool {
        let modern = [
            ClientAppType::Browser,
            ClientAppType::MobileAppsAndDesktopClients,
        ];
        !modern.contains(&self.sign_in.client_app_type)
    }

    /// 4.6: there is an approved application for Exchange.
    fn refused_legacy(&self, control: &GrantControl) -> BlockReason {
        let by_exchange = self.sign_in.client_app_type != ClientAppType::Other;
        if by_exchange && self.user().is_some() && *control == GrantControl::ApprovedApplication {
            BlockReason::ApplicationNotApproved
        } else {
            BlockReason::BlockedByPolicy
        }
    }

    fn strength_control(
        &self,
        policy: &ConditionalAccessPolicy,
        id: AuthenticationStrengthId,
        interval: Option<SignInInterval>,
        beside: &[&ConditionalAccessPolicy],
    ) -> Says {
        let instead = self.strengths_of_registering(policy, beside);
        if instead.is_empty() {
            let registering = self.registering(Some(policy), beside);
            return self.strong(policy, id, interval, registering);
        }
        let each = instead.iter().map(|(other, id)| {
            let registering = self.registering(Some(other), beside);
            self.strong(other, *id, interval, registering)
        });
        each.fold(Says::Pass, Says::and)
    }

    /// Accepted by somebody with an object here; what is accepted per device, on a registered one, which nobody has whose
    /// credentials live elsewhere (2.11).
    fn terms_of_use(&self, id: AgreementId, is_internal: bool, has_object: bool) -> Says {
        let per_device = self.is_per_device(id);
        if !has_object || (per_device && !is_internal) {
            Says::Refuse(BlockReason::NotForExternalUsers)
        } else if per_device && self.sign_in.transfer_method == Some(TransferMethod::DeviceCodeFlow)
        {
            Says::Refuse(BlockReason::DeviceInDeviceCodeFlow)
        } else if per_device && self.known_device().is_none() {
            Says::Refuse(BlockReason::DeviceNotRegistered)
        } else if self.sign_in.fulfilled.terms_of_use.contains(&id) {
            Says::Pass
        } else {
            ask(Challenge::TermsOfUse(id))
        }
    }

    pub(super) fn is_per_device(&self, id: AgreementId) -> bool {
        let mut agreements = self.tenant.agreements.iter();
        agreements.any(|one| one.id == id && one.is_per_device_acceptance_required)
    }

    /// Multifactor authentication comes first, always, and with what was registered before the risk (11.4). A remediation
    /// takes precedence over a change of password (3.3), where nobody passes without it.
    fn password_change(
        &self,
        interval: Option<SignInInterval>,
        beside: &[&ConditionalAccessPolicy],
    ) -> Says {
        let is_remediated = beside
            .iter()
            .filter(|policy| !self.is_broken(policy))
            .filter_map(|policy| policy.grant_controls.as_ref())
            .filter(|grant| !grant.controls.contains(&GrantControl::Block))
            .any(|grant| match grant.operator {
                GrantOperator::And => grant.controls.contains(&GrantControl::RiskRemediation),
                GrantOperator::Or => grant.controls == [GrantControl::RiskRemediation],
            });
        let mfa = self.mfa(interval, Err(BlockReason::ProofUpBlockedByRisk));
        let fulfilled = &self.sign_in.fulfilled;
        let registered = self.sign_in.methods.resource.registered;
        let after_mfa = |changed: Timestamp| {
            let oldest_seconds = oldest_seconds(interval);
            let mut proofs = self.second_proofs(self.tenant.organization.id, None);
            proofs.any(|proof| {
                proof.at <= changed && changed.as_second() - proof.at.as_second() < oldest_seconds
            })
        };
        let is_changed = fulfilled.password_changed_at.is_some_and(after_mfa);
        if is_changed || is_remediated || fulfilled.risk_remediated_at.is_some() {
            mfa
        } else if registered.contains(AuthenticationMethod::Password) {
            mfa.and(ask(Challenge::PasswordChange))
        } else {
            Says::Refuse(BlockReason::PasswordNotChangeable)
        }
    }

    /// It brings a strength (3.3).
    fn risk_remediation(&self, interval: Option<SignInInterval>) -> Says {
        let [multifactor, ..] = BuiltInStrength::ALL;
        let strength = Strength {
            combinations: multifactor.allowed_combinations.to_vec(),
            configurations: Vec::new(),
        };
        let risk = Err(BlockReason::ProofUpBlockedByRisk);
        let strong = self.strong_enough(multifactor.id, &strength, interval, risk);
        if self.sign_in.fulfilled.risk_remediated_at.is_some() {
            strong
        } else {
            strong.and(ask(Challenge::RiskRemediation))
        }
    }

    /// 8.7: the risk of a user of another tenant is remedied there.
    pub(super) fn risk_elsewhere(&self, policy: &ConditionalAccessPolicy) -> Option<BlockReason> {
        let user = self.user().filter(|user| user.home().is_some())?;
        if policy.conditions.user_risk_levels.is_empty()
            || self.sign_in.risk.user == RiskLevel::None
        {
            return None;
        }
        Some(match user.channel() {
            Channel::ServiceProvider => BlockReason::ServiceProviderAtRisk,
            Channel::Internal | Channel::Collaboration | Channel::DirectConnect => {
                BlockReason::UserRiskAtHome
            }
        })
    }

    // 8.3, 8.4: where.

    pub(super) fn user(&self) -> Option<&UserSubject> {
        match &self.sign_in.subject {
            Subject::User(user) => Some(user),
            Subject::ServicePrincipal(_) => None,
        }
    }

    pub(super) fn primary_tenant(&self) -> TenantId {
        let home = self.user().and_then(UserSubject::home);
        home.map_or(self.tenant.organization.id, |home| home.tenant_id)
    }

    pub(super) fn mfa_tenant(&self) -> Option<TenantId> {
        let user = self.user()?;
        if user.home().is_some() && self.trusts(|trust| trust.is_mfa_accepted) {
            return Some(self.primary_tenant());
        }
        match user.channel() {
            Channel::Internal | Channel::Collaboration => Some(self.tenant.organization.id),
            Channel::DirectConnect | Channel::ServiceProvider => None,
        }
    }

    pub(super) fn trusts(&self, flag: fn(&InboundTrust) -> Option<bool>) -> bool {
        let settings = &self.tenant.cross_tenant_access_policy;
        let Some(home) = self.user().and_then(UserSubject::home) else {
            return false;
        };
        let mut partners = settings.partners.iter();
        let partner = partners.find(|partner| partner.tenant_id == home.tenant_id);
        let of_partner =
            partner.and_then(|partner| partner.settings.inbound_trust.as_ref().and_then(flag));
        let of_default = settings.default.inbound_trust.as_ref().and_then(flag);
        of_partner.or(of_default) == Some(true)
    }

    /// What the user could still show where multifactor authentication is done.
    fn methods(&self, place: TenantId) -> Methods {
        if place == self.tenant.organization.id {
            self.sign_in.methods.resource
        } else {
            self.sign_in.methods.home
        }
    }

    // 5.10: how old.

    fn proofs(
        &self,
        tenant: TenantId,
        interval: Option<SignInInterval>,
    ) -> impl Iterator<Item = &Proof> {
        let oldest_seconds = oldest_seconds(interval);
        self.sign_in.proofs.iter().filter(move |proof| {
            let age_seconds = self.sign_in.at.as_second() - proof.at.as_second();
            proof.tenant == tenant && (-300..oldest_seconds).contains(&age_seconds)
        })
    }

    /// Whether a sign-in has begun: something that is a first factor, where the credentials live.
    pub(super) fn has_begun(&self, interval: Option<SignInInterval>) -> bool {
        self.proofs(self.primary_tenant(), interval)
            .any(|proof| proof.method.factor() != Factor::Second)
    }

    // 5.4, 5.5: multifactor authentication.

    fn mfa(&self, interval: Option<SignInInterval>, registering: Registering) -> Says {
        let Some(place) = self.mfa_tenant() else {
            return Says::Refuse(BlockReason::InboundMfaTrustRequired);
        };
        let done = self.second_proofs(place, interval).next().is_some();
        if done && self.has_begun(None) {
            return Says::Pass;
        }
        let methods = self.methods(place);
        let second = |set: AuthenticationMethods, may: &dyn Fn(AuthenticationMethod) -> bool| {
            set.iter()
                .any(|one| one.factor() != Factor::First && self.may_vouch(one) && may(one))
        };
        if second(methods.registered, &|one| {
            self.can_be_asked_for(one, place, interval)
        }) {
            return ask(Challenge::MultifactorAuthentication);
        }
        match registering {
            Err(reason) => Says::Refuse(reason),
            Ok(()) if !second(methods.registrable, &can_be_registered) => {
                Says::Refuse(BlockReason::NoMultifactorMethod)
            }
            Ok(()) => match self.may_register(place) {
                Err(reason) => Says::Refuse(reason),
                Ok(()) => ask(Challenge::MultifactorAuthentication),
            },
        }
    }

    /// What counts as a second factor, there.
    fn second_proofs(
        &self,
        place: TenantId,
        interval: Option<SignInInterval>,
    ) -> impl Iterator<Item = &Proof> {
        let without_home = self.is_without_home();
        self.proofs(place, interval)
            .filter(move |proof| match proof.method.factor() {
                // A certificate beside a password (2.9).
                Factor::First => {
                    proof.method == AuthenticationMethod::X509CertificateSingleFactor
                        && self
                            .proofs(place, None)
                            .any(|proof| proof.method == AuthenticationMethod::Password)
                }
                Factor::Second => true,
                // What another provider says of a guest is never multifactor authentication (8.4).
                Factor::Both => {
                    self.may_vouch(proof.method)
                        && !(without_home
                            && proof.method == AuthenticationMethod::FederatedMultiFactor)
                }
            })
    }

    fn is_without_home(&self) -> bool {
        let user = self.user();
        user.is_some_and(|user| matches!(user.origin, Origin::WithoutHome(_)))
    }

    /// What is bound to a device does not vouch for registering one (4.3).
    fn may_vouch(&self, method: AuthenticationMethod) -> bool {
        self.sign_in.user_action != Some(UserAction::RegisterOrJoinDevices)
            || method != AuthenticationMethod::WindowsHelloForBusiness
    }

    /// Windows Hello is the first thing shown or nothing.
    fn can_be_asked_for(
        &self,
        method: AuthenticationMethod,
        place: TenantId,
        interval: Option<SignInInterval>,
    ) -> bool {
        method != AuthenticationMethod::WindowsHelloForBusiness
            || (place == self.primary_tenant() && !self.has_begun(interval))
    }

    /// 5.5 and decision 14: no registering at risk, nor to be allowed to register.
    fn registering(
        &self,
        policy: Option<&ConditionalAccessPolicy>,
        beside: &[&ConditionalAccessPolicy],
    ) -> Registering {
        let at_risk = |policy: &&ConditionalAccessPolicy| {
            !policy.conditions.sign_in_risk_levels.is_empty()
                && self.sign_in.risk.sign_in != RiskLevel::None
        };
        if beside.iter().any(at_risk) {
            return Err(BlockReason::ProofUpBlockedByRisk);
        }
        let is_about_registering = policy
            .is_some_and(|policy| matches!(policy.conditions.target, Target::UserActions(_)))
            && self.sign_in.user_action == Some(UserAction::RegisterSecurityInformation);
        if is_about_registering {
            return Err(BlockReason::ProofUpBlockedByPolicy);
        }
        Ok(())
    }

    /// 53010: the same sign-in, but registering security information, would be refused by a policy about that.
    fn may_register(&self, place: TenantId) -> Registering {
        if place == self.tenant.organization.id && !self.refusing_registration().is_empty() {
            Err(BlockReason::ProofUpBlockedByPolicy)
        } else {
            Ok(())
        }
    }

    pub(super) fn refusing_registration(&self) -> Vec<PolicyId> {
        let action = UserAction::RegisterSecurityInformation;
        if self.sign_in.user_action == Some(action) {
            return Vec::new();
        }
        let mut sign_in = self.sign_in.clone();
        sign_in.user_action = Some(action);
        let registering = World {
            tenant: self.tenant,
            sign_in: &sign_in,
            has_frequency: false,
        };
        let mut policies = registering.in_force();
        policies.retain(|policy| matches!(policy.conditions.target, Target::UserActions(_)));
        policies
            .iter()
            .filter(|policy| matches!(registering.says(policy, &policies), Says::Refuse(_)))
            .map(|policy| policy.id)
            .collect()
    }

    // 2.9, 5.4, 8.6: strengths.

    pub(super) fn strength(
        &self,
        policy: &ConditionalAccessPolicy,
        id: AuthenticationStrengthId,
    ) -> Option<Strength> {
        let built_in = BuiltInStrength::ALL.into_iter().find(|one| one.id == id);
        if let Some(built_in) = built_in {
            return Some(Strength {
                combinations: built_in.allowed_combinations.to_vec(),
                configurations: Vec::new(),
            });
        }
        let own = self.tenant.authentication_strengths.iter();
        let mut all = own.chain(policy.expanded_strength.as_deref());
        all.find(|one| one.id == id).map(|one| Strength {
            combinations: one.allowed_combinations.clone(),
            configurations: one.combination_configurations.clone(),
        })
    }

    /// While somebody registers, the strengths of policies about registering replace those of policies about resources.
    fn strengths_of_registering<'b>(
        &self,
        policy: &ConditionalAccessPolicy,
        beside: &[&'b ConditionalAccessPolicy],
    ) -> Vec<(&'b ConditionalAccessPolicy, AuthenticationStrengthId)> {
        let mut found = Vec::new();
        if self.sign_in.user_action == Some(UserAction::RegisterSecurityInformation)
            && matches!(policy.conditions.target, Target::Applications(_))
        {
            for other in beside {
                let controls = other
                    .grant_controls
                    .iter()
                    .flat_map(|grant| &grant.controls);
                for control in controls {
                    if let (Target::UserActions(_), GrantControl::AuthenticationStrength(id)) =
                        (&other.conditions.target, control)
                    {
                        found.push((*other, *id));
                    }
                }
            }
        }
        found
    }

    fn strong(
        &self,
        policy: &ConditionalAccessPolicy,
        id: AuthenticationStrengthId,
        interval: Option<SignInInterval>,
        registering: Registering,
    ) -> Says {
        match self.strength(policy, id) {
            Some(strength) => self.strong_enough(id, &strength, interval, registering),
            None => Says::Refuse(BlockReason::PolicyNotEvaluable),
        }
    }

    fn strong_enough(
        &self,
        id: AuthenticationStrengthId,
        strength: &Strength,
        interval: Option<SignInInterval>,
        registering: Registering,
    ) -> Says {
        if self.is_without_home() && !self.tenant.organization.has_strengths_for_all_guests() {
            return Says::Refuse(BlockReason::StrengthNeedsHomeTenant);
        }
        let Some(place) = self.mfa_tenant() else {
            return Says::Refuse(BlockReason::InboundMfaTrustRequired);
        };
        let allowed: Vec<AuthenticationMethods> = strength
            .combinations
            .iter()
            .copied()
            .filter(|all| all.iter().all(|one| self.counts(one, place)))
            .collect();
        // The first factor is shown where sign-ins begin, and renewed by itself; the rest where this tenant wants it.
        let where_and_when = |method: AuthenticationMethod, all: AuthenticationMethods| {
            let is_second = method == AuthenticationMethod::X509CertificateSingleFactor
                && all.contains(AuthenticationMethod::Password);
            match method.factor() {
                Factor::First if is_second => (self.primary_tenant(), interval),
                Factor::First => (self.primary_tenant(), None),
                Factor::Second | Factor::Both => (place, interval),
            }
        };
        let shown = |method: AuthenticationMethod, all: AuthenticationMethods| {
            let (tenant, interval) = where_and_when(method, all);
            self.began_with(method, tenant)
                && self.proofs(tenant, interval).any(|proof| {
                    proof.method == method
                        && strength.configurations.iter().all(|one| {
                            !one.applies_to_combinations.contains(&all)
                                || self.meets(&one.restriction, proof)
                        })
                })
        };
        let is_met = |all: &AuthenticationMethods| all.iter().all(|method| shown(method, *all));
        if allowed.iter().any(is_met) {
            return Says::Pass;
        }
        let within = |registers: bool| -> Vec<AuthenticationMethods> {
            let can = |method: AuthenticationMethod, all: AuthenticationMethods| {
                let (tenant, interval) = where_and_when(method, all);
                let methods = self.methods(tenant);
                self.can_be_asked_for(method, tenant, interval)
                    && (methods.registered.contains(method)
                        || (registers
                            && can_be_registered(method)
                            && methods.registrable.contains(method)))
            };
            let has = |all: &AuthenticationMethods| {
                all.iter()
                    .all(|method| shown(method, *all) || can(method, *all))
            };
            allowed.iter().copied().filter(has).collect()
        };
        let asked = |all| Says::Ask([(Challenge::AuthenticationStrength(id), all)].into());
        let (now, later) = (within(false), within(true));
        if !now.is_empty() {
            return asked(now);
        }
        if later.is_empty() {
            return Says::Refuse(BlockReason::StrengthNotObtainable);
        }
        match registering.and_then(|()| self.may_register(place)) {
            Err(reason) => Says::Refuse(reason),
            Ok(()) => asked(later),
        }
    }

    /// Windows Hello counts where a sign-in began with it, before anything else that could have begun it.
    fn began_with(&self, method: AuthenticationMethod, tenant: TenantId) -> bool {
        let hello = AuthenticationMethod::WindowsHelloForBusiness;
        let others = self
            .proofs(tenant, None)
            .filter(|proof| proof.method != hello && proof.method.factor() != Factor::Second);
        let earliest = self
            .proofs(tenant, None)
            .filter(|proof| proof.method == hello)
            .map(|proof| proof.at)
            .min();
        method != hello
            || earliest.is_some_and(|at| others.map(|proof| proof.at).all(|other| at < other))
    }

    /// Table 1: which methods count where, for users of other tenants.
    fn counts(&self, method: AuthenticationMethod, place: TenantId) -> bool {
        use AuthenticationMethod as M;
        let is_home = place != self.tenant.organization.id;
        if !self.may_vouch(method) {
            return false;
        }
        if self
            .user()
            .is_some_and(|user| user.origin == Origin::Internal)
        {
            return true;
        }
        match method {
            M::Password
            | M::FederatedSingleFactor
            | M::QrCodePin
            | M::Sms
            | M::Voice
            | M::MicrosoftAuthenticatorPush
            | M::DeviceBasedPush
            | M::SoftwareOath => true,
            M::HardwareOath
            | M::Fido2
            | M::WindowsHelloForBusiness
            | M::X509CertificateSingleFactor
            | M::X509CertificateMultiFactor => is_home,
            M::TemporaryAccessPassOneTime
            | M::TemporaryAccessPassMultiUse
            | M::FederatedMultiFactor
            | M::Email => false,
        }
    }

    fn meets(&self, restriction: &CombinationRestriction, proof: &Proof) -> bool {
        let is_internal = self
            .user()
            .is_some_and(|user| user.origin == Origin::Internal);
        match (restriction, proof.method) {
            (CombinationRestriction::Fido2 { allowed_aaguids }, AuthenticationMethod::Fido2) => {
                matches!(&proof.authenticator, Authenticator::Fido2(model)
                if allowed_aaguids.contains(model))
            }
            (
                CombinationRestriction::X509Certificate {
                    allowed_issuer_skis,
                    allowed_policy_oids,
                },
                AuthenticationMethod::X509CertificateSingleFactor
                | AuthenticationMethod::X509CertificateMultiFactor,
            ) => {
                let nothing = (None, Vec::new());
                let (issuer_ski, policy_oids) = match &proof.authenticator {
                    Authenticator::Certificate {
                        issuer_ski,
                        policy_oids,
                    } => (issuer_ski.clone(), policy_oids.clone()),
                    Authenticator::Unnamed | Authenticator::Fido2(_) => nothing,
                };
                // 8.6: of other tenants' users no issuer is looked at.
                let issuer = issuer_ski.filter(|_| is_internal);
                let is_allowed = |ski: &String| {
                    let mut allowed = allowed_issuer_skis.iter();
                    allowed.any(|one| one.eq_ignore_ascii_case(ski))
                };
                // An empty list demands nothing.
                (allowed_issuer_skis.is_empty() || issuer.as_ref().is_some_and(is_allowed))
                    && (allowed_policy_oids.is_empty()
                        || policy_oids
                            .iter()
                            .any(|oid| allowed_policy_oids.contains(oid)))
            }
            _ => true,
        }
    }

    // 8.5: devices.

    /// The device as the resource tenant sees it: of its own users, or as the users' own tenant says and is trusted to.
    pub(super) fn known_device(&self) -> Option<KnownDevice> {
        let device = self.sign_in.device.as_ref()?;
        let user = self.user()?;
        let compliant = self.trusts(|trust| trust.is_compliant_device_accepted);
        let hybrid = self.trusts(|trust| trust.is_hybrid_azure_ad_joined_device_accepted);
        let is_internal = user.origin == Origin::Internal;
        // Each claim is seen through its own trust, everything else through either.
        let is_known = match &user.origin {
            Origin::Internal => true,
            Origin::External(_) => compliant || hybrid,
            Origin::WithoutHome(_) => false,
        };
        (is_known && device.tenant_id == self.primary_tenant()).then(|| KnownDevice {
            device_id: device.device_id,
            is_compliant: (is_internal || compliant).then_some(device.is_compliant),
            trust_type: (is_internal || hybrid).then_some(device.trust_type),
            claims: device.clone(),
        })
    }

    fn device_control(
        &self,
        is_trusted: bool,
        holds: fn(&KnownDevice) -> bool,
        otherwise: BlockReason,
    ) -> Says {
        let is_internal = self
            .user()
            .is_some_and(|user| user.origin == Origin::Internal);
        if !is_internal && !is_trusted {
            Says::Refuse(BlockReason::DeviceTrustNotConfigured)
        } else if self.sign_in.transfer_method == Some(TransferMethod::DeviceCodeFlow) {
            Says::Refuse(BlockReason::DeviceInDeviceCodeFlow)
        } else if self.known_device().as_ref().is_some_and(holds) {
            Says::Pass
        } else {
            Says::Refuse(otherwise)
        }
    }
}

fn oldest_seconds(interval: Option<SignInInterval>) -> i64 {
    match interval {
        None => i64::MAX,
        Some(SignInInterval::EveryTime) => 300,
        Some(SignInInterval::Hours(hours)) => i64::from(hours) * 3600,
    }
}

/// 5.4: some methods are not registered in the middle of a sign-in; others come from administrators or providers.
fn can_be_registered(method: AuthenticationMethod) -> bool {
    use AuthenticationMethod as M;
    ![
        M::DeviceBasedPush,
        M::X509CertificateSingleFactor,
        M::X509CertificateMultiFactor,
        M::WindowsHelloForBusiness,
        M::TemporaryAccessPassOneTime,
        M::TemporaryAccessPassMultiUse,
        M::FederatedSingleFactor,
        M::FederatedMultiFactor,
    ]
    .contains(&method)
}
