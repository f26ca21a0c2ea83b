//! Rows of the sign-in log: one attempt as each tenant may see it (specification 8.3).

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::application::ServicePrincipal;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::{ClientAppType, GrantControl};
use portcullis_model::device::{DeviceClaims, DeviceTrustType};
use portcullis_model::entropy::Entropy;
use portcullis_model::id::{
    AuthenticationStrengthId, ClientId, CorrelationId, SessionId, SignInId, TenantId,
};
use portcullis_model::sign_in_log::{
    AppliedConditionalAccessPolicy, AppliedPolicyResult, AuthenticationContext,
    AuthenticationContextDetail, AuthenticationDetail, ConditionalAccessStatus, DeviceDetail,
    SignIn, SignInLocation, SignInStatus,
};
use portcullis_model::user::{User, UserType};
use portcullis_policy::decision::{Decision, grant_control_text};
use portcullis_policy::facts::Channel;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use crate::house::LoadedTenant;
use crate::log::step::{Steps, Viewer};
use crate::user_agent;
use crate::visitor::{HomeUser, Visitor};
use crate::well_known;
use crate::whereabouts::Whereabouts;

/// One attempt to get in, whatever came of it.
#[derive(Clone)]
pub struct Attempt<'a> {
    /// When.
    pub at: Timestamp,
    /// Ties rows and pages of one sign-in together.
    pub correlation_id: CorrelationId,
    /// From where.
    pub whereabouts: Whereabouts,
    /// The user agent as sent.
    pub user_agent: Option<&'a str>,
    /// By which door.
    pub kind: AttemptKind,
    /// The tenant whose application was to be reached.
    pub resource: &'a LoadedTenant,
    /// The client, if the request named one.
    pub client: Option<ClientId>,
    /// By what kind of client.
    pub client_app_type: ClientAppType,
    /// The resources it wanted to reach.
    pub audiences: &'a BTreeSet<ClientId>,
    /// Who, as far as it is known.
    pub who: Who<'a>,
    /// The decision, if it came to one.
    pub decision: Option<&'a Decision>,
    /// Why it did not succeed; `None` is success.
    pub failure: Option<ErrorCode>,
    /// What was proven, or tried.
    pub steps: Steps<'a>,
    /// What a tenant says of the device.
    pub device: Option<&'a DeviceClaims>,
    /// The session in the resource tenant.
    pub session: Option<SessionId>,
    /// The `uti` of the token that was issued.
    pub unique_token_identifier: Option<String>,
}

/// By which door an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptKind {
    /// The authorization endpoint with a person in front of it.
    Interactive,
    /// The authorization endpoint with nobody in front (`prompt=none`, a session that needs no page).
    Silent,
    /// A refresh token.
    Refresh,
    /// A code at the token endpoint.
    CodeRedemption,
    /// An application for itself: client credentials, or a request at the token endpoint that was refused before anybody
    /// else was known.
    ClientCredentials,
}

/// Whom an attempt is about.
#[derive(Clone, Copy)]
pub enum Who<'a> {
    /// Nobody was proven: the name that was typed, and the tenant it belongs to.
    Unproven {
        /// As typed, if anything was.
        name: Option<&'a str>,
        /// The home tenant, once discovered; the resource tenant itself for its own users.
        home: Option<&'a LoadedTenant>,
        /// The account of the home tenant that has this name.
        account: Option<&'a User>,
    },
    /// Proven at home, unknown in the resource tenant.
    AtHomeOnly(&'a HomeUser),
    /// Known in the resource tenant.
    Visitor(&'a Visitor),
    /// An application on its own behalf.
    Application(&'a ServicePrincipal),
}

impl Attempt<'_> {
    /// The rows of this attempt with the tenants they belong to: the home tenant's first, if it is another one, so that
    /// it is written before the artefact of the resource tenant.
    pub fn rows(&self, entropy: &mut dyn Entropy) -> Vec<(TenantId, Box<SignIn>)> {
        let home = self
            .home_tenant()
            .filter(|home| home.id() != self.resource.id());
        // Told once for all rows: with a thousand policies the telling costs more than the decision.
        let policies = self.decision.map(Decision::policies).unwrap_or_default();
        let requirement = self.authentication_requirement(&policies);
        let home_row = home.map(|home| {
            let row = self.home_row(home, requirement, &mut *entropy);
            (home.id(), Box::new(row))
        });
        let row = self.resource_row(policies, requirement, entropy);
        let resource_row = (self.resource.id(), Box::new(row));
        home_row.into_iter().chain([resource_row]).collect()
    }

    fn home_tenant(&self) -> Option<&LoadedTenant> {
        match self.who {
            Who::Unproven { home, .. } => home,
            Who::AtHomeOnly(home) => Some(&home.tenant),
            Who::Visitor(visitor) => Some(visitor.home_tenant(self.resource)),
            Who::Application(_) => None,
        }
    }

    /// What the tenant of the application sees: every policy's result, and the visitor by the names it gave them.
    fn resource_row(
        &self,
        policies: Vec<AppliedConditionalAccessPolicy>,
        requirement: &'static str,
        entropy: &mut dyn Entropy,
    ) -> SignIn {
        let mut row = self.common_row(requirement, entropy);
        let viewer = Viewer::ResourceTenant;
        row.authentication_details = self.steps.details(self.resource.id(), viewer);
        if let Some(decision) = self.decision {
            row.conditional_access_status = decision.status;
            row.applied_conditional_access_policies = policies;
            row.status.additional_details = satisfied_by_claim(&row.authentication_details);
        }
        row.device_detail = self.device_detail(self.resource.id());
        row.session_id = self.session.map(|session| session.to_string());
        row.unique_token_identifier
            .clone_from(&self.unique_token_identifier);
        match self.who {
            Who::Unproven {
                name,
                home,
                account,
            } => {
                row.user_principal_name = name.map(str::to_lowercase);
                // A tenant learns of no object ids of another tenant before a proof.
                let own = home.is_none_or(|home| home.id() == self.resource.id());
                if let Some(user) = account.filter(|_| own) {
                    describe_member(&mut row, user);
                }
            }
            Who::AtHomeOnly(home) => {
                describe_by_mail(&mut row, &home.user);
                row.user_id = Some(home.user.id.to_string());
            }
            Who::Visitor(visitor) => describe_visitor(&mut row, visitor),
            Who::Application(principal) => describe_application(&mut row, principal),
        }
        row
    }

    /// What the user's own tenant sees: its user in full, nothing of the other tenant's policies.
    fn home_row(
        &self,
        home: &LoadedTenant,
        requirement: &'static str,
        entropy: &mut dyn Entropy,
    ) -> SignIn {
        let mut row = self.common_row(requirement, entropy);
        row.authentication_details = self.steps.details(home.id(), Viewer::HomeTenant);
        row.device_detail = self.device_detail(home.id());
        if self.failure == Some(ErrorCode::UserUnauthorized) {
            row.status = status(Some(ErrorCode::PassThroughUserMfaError));
        }
        match self.who {
            Who::Unproven { name, account, .. } => {
                row.user_principal_name = name.map(str::to_lowercase);
                if let Some(user) = account {
                    describe_member(&mut row, user);
                }
            }
            Who::AtHomeOnly(home) => describe_member(&mut row, &home.user),
            Who::Visitor(visitor) => {
                if let Some(home) = &visitor.home {
                    describe_member(&mut row, &home.user);
                }
            }
            Who::Application(_) => {}
        }
        row
    }

    fn common_row(&self, requirement: &'static str, entropy: &mut dyn Entropy) -> SignIn {
        let resource = self.audiences.first().copied();
        SignIn {
            id: SignInId::random(entropy),
            created_date_time: self.at,
            correlation_id: self.correlation_id,
            user_display_name: None,
            user_principal_name: None,
            user_id: None,
            user_type: None,
            app_id: self.client,
            app_display_name: self
                .client
                .and_then(|id| well_known::application_name(self.resource, id)),
            resource_id: resource,
            resource_display_name: resource
                .and_then(|id| well_known::application_name(self.resource, id)),
            service_principal_id: None,
            service_principal_name: None,
            ip_address: (self.whereabouts.ip_address).map(|address| address.to_string()),
            location: SignInLocation {
                country_or_region: self.whereabouts.country,
            },
            client_app_used: Some(client_app_used(self.client_app_type).to_owned()),
            user_agent: self
                .user_agent
                .map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect()),
            is_interactive: self.kind == AttemptKind::Interactive,
            sign_in_event_types: vec![self.kind.event_type().to_owned()],
            authentication_protocol: self.kind.protocol().to_owned(),
            incoming_token_type: self.kind.incoming_token().to_owned(),
            home_tenant_id: self.home_tenant().map(LoadedTenant::id),
            resource_tenant_id: self.resource.id(),
            cross_tenant_access_type: self.cross_tenant_access_type().to_owned(),
            status: status(self.failure),
            conditional_access_status: ConditionalAccessStatus::NotApplied,
            applied_conditional_access_policies: Vec::new(),
            conditional_access_audiences: self.audiences.iter().copied().collect(),
            authentication_context_class_references: self.authentication_contexts(),
            authentication_requirement: requirement.to_owned(),
            authentication_details: Vec::new(),
            device_detail: DeviceDetail::default(),
            unique_token_identifier: None,
            session_id: None,
        }
    }

    /// What the request asked for beyond its audience, and whether anybody was asked for it now.
    fn authentication_contexts(&self) -> Vec<AuthenticationContext> {
        let is_met = self.failure.is_none();
        let detail = match self.kind {
            AttemptKind::Silent | AttemptKind::Refresh | AttemptKind::CodeRedemption if is_met => {
                AuthenticationContextDetail::PreviouslySatisfied
            }
            AttemptKind::Silent
            | AttemptKind::Refresh
            | AttemptKind::CodeRedemption
            | AttemptKind::Interactive
            | AttemptKind::ClientCredentials => AuthenticationContextDetail::Required,
        };
        let asked = self.decision.into_iter();
        let asked = asked.flat_map(|decision| &decision.sign_in().authentication_contexts);
        let context = |id: &AuthenticationContextId| AuthenticationContext { id: *id, detail };
        asked.map(context).collect()
    }

    fn cross_tenant_access_type(&self) -> &'static str {
        match self.who {
            Who::Application(_) => "none",
            Who::Visitor(visitor) => match visitor.channel {
                Channel::Internal => "none",
                Channel::Collaboration => "b2bCollaboration",
                Channel::DirectConnect => "b2bDirectConnect",
                Channel::ServiceProvider => "serviceProvider",
            },
            Who::AtHomeOnly(_) => "b2bCollaboration",
            Who::Unproven { home, .. } => match home {
                Some(home) if home.id() != self.resource.id() => "b2bCollaboration",
                Some(_) | None => "none",
            },
        }
    }

    /// Whether a policy in force, or the request, asked for more than one factor.
    fn authentication_requirement(
        &self,
        policies: &[AppliedConditionalAccessPolicy],
    ) -> &'static str {
        let strengths =
            GrantControl::AuthenticationStrength(AuthenticationStrengthId::new(uuid::Uuid::nil()));
        let multifactor = [
            GrantControl::Mfa,
            strengths,
            GrantControl::PasswordChange,
            GrantControl::RiskRemediation,
        ]
        .map(|control| grant_control_text(&control));
        let demands = |decision: &Decision| {
            let in_force = policies.iter().filter(|policy| match policy.result {
                AppliedPolicyResult::Success | AppliedPolicyResult::Failure => true,
                AppliedPolicyResult::NotApplied
                | AppliedPolicyResult::NotEnabled
                | AppliedPolicyResult::Unknown
                | AppliedPolicyResult::ReportOnlySuccess
                | AppliedPolicyResult::ReportOnlyFailure
                | AppliedPolicyResult::ReportOnlyNotApplied
                | AppliedPolicyResult::ReportOnlyInterrupted => false,
            });
            let mut controls = in_force.flat_map(|policy| &policy.enforced_grant_controls);
            decision.sign_in().requests_mfa
                || controls.any(|control| multifactor.contains(&control.as_str()))
        };
        if self.decision.is_some_and(demands) {
            "multiFactorAuthentication"
        } else {
            "singleFactorAuthentication"
        }
    }

    /// A device of another tenant is described without its id, and only as far as this tenant trusts its owner.
    fn device_detail(&self, viewer: TenantId) -> DeviceDetail {
        let mut detail = DeviceDetail {
            operating_system: self.user_agent.and_then(user_agent::operating_system),
            browser: self.user_agent.and_then(user_agent::browser),
            ..DeviceDetail::default()
        };
        let Some(device) = self.device else {
            return detail;
        };
        if device.tenant_id == viewer {
            detail.device_id = Some(device.device_id.to_string());
            detail.is_compliant = Some(device.is_compliant);
            detail.trust_type = Some(trust_type_text(device.trust_type).to_owned());
            return detail;
        }
        detail.device_id = Some("{PII Removed}".to_owned());
        if viewer == self.resource.id() {
            let trust = self.resource.compiled.trust(device.tenant_id);
            detail.is_compliant = trust.compliant_device.then_some(device.is_compliant);
            detail.trust_type = trust
                .hybrid_joined_device
                .then(|| trust_type_text(device.trust_type).to_owned());
        }
        detail
    }
}

const USER_AGENT_CHARACTERS_MAX: usize = 512;

impl AttemptKind {
    fn event_type(self) -> &'static str {
        match self {
            Self::Interactive => "interactiveUser",
            Self::Silent | Self::Refresh | Self::CodeRedemption => "nonInteractiveUser",
            Self::ClientCredentials => "servicePrincipal",
        }
    }

    fn protocol(self) -> &'static str {
        match self {
            Self::Interactive | Self::Silent | Self::CodeRedemption => "authorizationCodeWithPkce",
            Self::Refresh | Self::ClientCredentials => "oAuth2",
        }
    }

    fn incoming_token(self) -> &'static str {
        match self {
            Self::Refresh => "refreshToken",
            Self::Interactive | Self::Silent | Self::CodeRedemption | Self::ClientCredentials => {
                "none"
            }
        }
    }
}

fn status(failure: Option<ErrorCode>) -> SignInStatus {
    SignInStatus {
        error_code: failure.map_or(0, ErrorCode::number),
        failure_reason: failure.map(|code| code.summary().to_owned()),
        additional_details: None,
    }
}

fn satisfied_by_claim(details: &[AuthenticationDetail]) -> Option<String> {
    details
        .iter()
        .find(|detail| detail.authentication_step_result_detail == crate::log::step::MFA_BY_CLAIM)
        .map(|detail| detail.authentication_step_result_detail.clone())
}

fn describe_visitor(row: &mut SignIn, visitor: &Visitor) {
    row.user_display_name = Some(visitor.display_name().to_owned());
    match (&visitor.object, &visitor.home) {
        (Some(object), None) => describe_member(row, object),
        (Some(object), Some(home)) => {
            describe_by_mail(row, &home.user);
            if let Some(mail) = &object.mail {
                row.user_principal_name = Some(mail.to_lowercase());
            }
            row.user_id = Some(object.id.to_string());
            row.user_type = Some(user_type_text(object.user_type).to_owned());
        }
        (None, Some(home)) => {
            describe_by_mail(row, &home.user);
            row.user_id = Some(home.user.id.to_string());
        }
        (None, None) => {}
    }
}

/// A tenant's own user: by object id and UPN.
fn describe_member(row: &mut SignIn, user: &User) {
    row.user_display_name = Some(user.display_name.clone());
    row.user_principal_name = Some(user.user_principal_name.clone());
    row.user_id = Some(user.id.to_string());
    row.user_type = Some(user_type_text(user.user_type).to_owned());
}

/// A user of another tenant: by mail in lower case, never by the `#EXT#` name.
fn describe_by_mail(row: &mut SignIn, home_user: &User) {
    row.user_display_name = Some(home_user.display_name.clone());
    let name = home_user
        .mail
        .as_ref()
        .unwrap_or(&home_user.user_principal_name);
    row.user_principal_name = Some(name.to_lowercase());
}

fn describe_application(row: &mut SignIn, principal: &ServicePrincipal) {
    row.service_principal_id = Some(principal.id.to_string());
    row.service_principal_name = Some(principal.display_name.clone());
}

fn user_type_text(user_type: Option<UserType>) -> &'static str {
    match user_type {
        Some(UserType::Guest) => "guest",
        Some(UserType::Member) | None => "member",
    }
}

fn trust_type_text(trust_type: DeviceTrustType) -> &'static str {
    match trust_type {
        DeviceTrustType::Workplace => "Azure AD registered",
        DeviceTrustType::AzureAd => "Azure AD joined",
        DeviceTrustType::ServerAd => "Hybrid Azure AD joined",
    }
}

fn client_app_used(kind: ClientAppType) -> &'static str {
    match kind {
        ClientAppType::Browser => "Browser",
        ClientAppType::MobileAppsAndDesktopClients => "Mobile Apps and Desktop clients",
        ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported => "Exchange ActiveSync",
        ClientAppType::Other => "Other clients",
    }
}
