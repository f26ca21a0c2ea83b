//! From the model to the facts a decision looks at: the gates before the policies, then one [`SignIn`].
//!
//! Every door that ends in a token comes through here: the browser, refresh, code redemption (requirement V05).

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::Timestamp;
use portcullis_model::artefact::Grant;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::session::ProvenMethod;
use portcullis_model::store::StoreError;
use portcullis_policy::cross_tenant::{self, CrossTenantChannel, CrossTenantRefusal, Crossing};
use portcullis_policy::decide::decide;
use portcullis_policy::decision::Decision;
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{
    Authenticator, Channel, ClientProtection, ExternalUserFacts, Fulfilled, Interaction,
    MethodFacts, Origin, PlaceFacts, Proof, RiskFacts, SignIn, Subject, UserSubject,
};
use portcullis_policy::platform::platform_of_user_agent;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use crate::house::{House, LoadedTenant};
use crate::visitor::{Denied, HomeUser, Stop, Visitor};
use crate::whereabouts::Whereabouts;

/// What surrounds a sign-in, beside who it is.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    /// The client the token will go to.
    pub client: ClientId,
    /// By what kind of client.
    pub client_app_type: ClientAppType,
    /// Every resource the request reaches, never empty (specification 4.3).
    pub audiences: &'a BTreeSet<ClientId>,
    /// From where.
    pub whereabouts: Whereabouts,
    /// The user agent as sent.
    pub user_agent: Option<&'a str>,
    /// What a tenant says of the device.
    pub device: Option<DeviceClaims>,
    /// What was proven, each with its tenant.
    pub proofs: Vec<Proof>,
    /// Whether somebody is there.
    pub interaction: Interaction,
    /// The request itself demands MFA.
    pub requests_mfa: bool,
    /// The authentication contexts it asks for.
    pub authentication_contexts: &'a BTreeSet<AuthenticationContextId>,
    /// Now.
    pub at: Timestamp,
}

/// The facts of a visitor's sign-in, once every gate before the policies is passed: the accounts may be used, both
/// tenants let the person cross, the application is theirs to use (specification 2.2, steps 4 to 7).
pub fn sign_in(
    resource: &LoadedTenant,
    visitor: &Visitor,
    circumstances: Circumstances<'_>,
) -> Result<SignIn, Denied> {
    visitor.check_accounts(resource)?;
    let (origin, direct_connect_eligible) = origin(resource, visitor, &circumstances)?;
    check_assignment(resource, visitor, &circumstances)?;
    let object = visitor.object.as_ref();
    let valid_from = visitor.sessions_valid_from();
    let mut proofs = circumstances.proofs;
    proofs.retain(|proof| valid_from.is_none_or(|from| proof.at >= from));
    Ok(SignIn {
        subject: Subject::User(UserSubject {
            user: object.map(|user| user.id),
            origin,
            external_user_types: external_user_types(&ExternalUserFacts {
                object: object.map(|user| user.user_type),
                channel: visitor.channel,
                direct_connect_eligible,
            }),
            groups: visitor.memberships.groups.iter().copied().collect(),
            roles: visitor.memberships.roles.iter().copied().collect(),
        }),
        audiences: circumstances.audiences.clone(),
        client: circumstances.client,
        client_app_type: circumstances.client_app_type,
        platform: circumstances.user_agent.and_then(platform_of_user_agent),
        ip_address: circumstances.whereabouts.ip_address,
        country: circumstances.whereabouts.country,
        place: PlaceFacts::default(),
        client_protection: ClientProtection::default(),
        risk: RiskFacts::default(),
        transfer_method: None,
        fulfilled: Fulfilled::default(),
        // Looked up where a decision depends on it: see `decided`.
        methods: MethodFacts::default(),
        user_action: None,
        authentication_contexts: circumstances.authentication_contexts.clone(),
        device: circumstances.device,
        proofs,
        interaction: circumstances.interaction,
        requests_mfa: circumstances.requests_mfa,
        at: circumstances.at,
    })
}

/// Decides about a visitor's sign-in. What they could still prove is looked up only where something is open: most requests
/// come with everything proven.
pub async fn decided(
    house: &House,
    resource: &LoadedTenant,
    visitor: &Visitor,
    sign_in: SignIn,
) -> Result<Decision, StoreError> {
    let sign_in = Arc::new(sign_in);
    let decision = decide(&resource.compiled, Arc::clone(&sign_in));
    if !decision.depends_on_methods() {
        return Ok(decision);
    }
    let methods = visitor.methods(house, resource).await?;
    drop(decision);
    let sign_in = SignIn {
        methods,
        ..Arc::unwrap_or_clone(sign_in)
    };
    Ok(decide(&resource.compiled, sign_in))
}

/// Looks up whoever a grant was handed to and asks every gate again, so that a change of trust, of an account or of an
/// assignment takes effect at the next refresh (requirements U12, U15).
pub async fn sign_in_of_grant(
    house: &House,
    resource: &LoadedTenant,
    grant: &Grant,
    circumstances: GrantCircumstances<'_>,
) -> Result<(Visitor, SignIn), Stop> {
    let visitor = Visitor::find(house, resource, grant.subject).await?;
    if visitor
        .sessions_valid_from()
        .is_some_and(|from| grant.authenticated_at < from || grant.granted_at < from)
    {
        return Err(Denied::by(resource, ErrorCode::FreshTokenNeeded).into());
    }
    let mut proofs = proofs_in(resource.id(), &grant.proofs);
    if let Some(home) = &visitor.home {
        proofs.extend(proofs_in(home.tenant.id(), &grant.home_proofs));
    }
    let facts = sign_in(
        resource,
        &visitor,
        Circumstances {
            client: grant.client,
            client_app_type: circumstances.client_app_type,
            audiences: circumstances.audiences,
            whereabouts: circumstances.whereabouts,
            user_agent: circumstances.user_agent,
            device: grant.device.clone(),
            proofs,
            interaction: Interaction::Silent,
            requests_mfa: false,
            authentication_contexts: circumstances.authentication_contexts,
            at: circumstances.at,
        },
    )?;
    Ok((visitor, facts))
}

/// What surrounds the use of a grant; nobody is in front of it.
#[derive(Debug, Clone, Copy)]
pub struct GrantCircumstances<'a> {
    /// By what kind of client.
    pub client_app_type: ClientAppType,
    /// Every resource the token will reach.
    pub audiences: &'a BTreeSet<ClientId>,
    /// The authentication contexts the token is to name.
    pub authentication_contexts: &'a BTreeSet<AuthenticationContextId>,
    /// From where.
    pub whereabouts: Whereabouts,
    /// The user agent as sent.
    pub user_agent: Option<&'a str>,
    /// Now.
    pub at: Timestamp,
}

/// Proofs of one tenant's session or grant, as facts.
pub fn proofs_in(tenant: TenantId, proven: &[ProvenMethod]) -> Vec<Proof> {
    let proof = |proven: &ProvenMethod| Proof {
        tenant,
        method: proven.method,
        at: proven.at,
        authenticator: Authenticator::Unnamed,
    };
    proven.iter().map(proof).collect()
}

/// Where the credentials live, and for users of other tenants the proof that both tenants let them cross.
fn origin(
    resource: &LoadedTenant,
    visitor: &Visitor,
    circumstances: &Circumstances<'_>,
) -> Result<(Origin, bool), Denied> {
    let (channel, home) = match (visitor.channel, &visitor.home) {
        (Channel::Internal, None) => return Ok((Origin::Internal, false)),
        (Channel::Collaboration, Some(home)) => (CrossTenantChannel::Collaboration, home),
        (Channel::DirectConnect, Some(home)) => (CrossTenantChannel::DirectConnect, home),
        // Nobody comes by delegated administration yet.
        (Channel::Internal, Some(_))
        | (Channel::Collaboration | Channel::DirectConnect, None)
        | (Channel::ServiceProvider, _) => {
            return Err(Denied::by(resource, ErrorCode::UserUnauthorized));
        }
    };
    let crossing = Crossing {
        channel,
        home: home.account(),
        home_groups: &home.memberships.groups,
        client: circumstances.client,
        resources: circumstances.audiences,
    };
    let admission = cross_tenant::admit(&home.tenant.compiled, &resource.compiled, &crossing)
        .map_err(|refusal| refused_crossing(resource, home, refusal))?;
    let eligible =
        cross_tenant::can_direct_connect(&home.tenant.compiled, &resource.compiled, &crossing);
    Ok((Origin::External(admission), eligible))
}

fn refused_crossing(
    resource: &LoadedTenant,
    home: &HomeUser,
    refusal: CrossTenantRefusal,
) -> Denied {
    match refusal {
        CrossTenantRefusal::Outbound => {
            Denied::by(&home.tenant, ErrorCode::NotAllowedByOutboundPolicyTenant)
        }
        CrossTenantRefusal::Inbound => {
            Denied::by(resource, ErrorCode::NotAllowedByInboundPolicyTenant)
        }
    }
}

/// Applications that ask for an assignment are for whoever is named, directly or through a group of this tenant (50105).
fn check_assignment(
    resource: &LoadedTenant,
    visitor: &Visitor,
    circumstances: &Circumstances<'_>,
) -> Result<(), Denied> {
    let reached = std::iter::once(&circumstances.client).chain(circumstances.audiences);
    let principals = reached.filter_map(|client| resource.service_principal(*client));
    for principal in principals.filter(|principal| principal.app_role_assignment_required) {
        let assigned = |id: &uuid::Uuid| principal.assigned_to.contains(id);
        let directly = visitor.object.as_ref().map(|user| user.id.uuid());
        let groups = visitor.memberships.groups.iter().map(|group| group.uuid());
        if !directly.into_iter().chain(groups).any(|id| assigned(&id)) {
            return Err(Denied::by(resource, ErrorCode::EntitlementGrantsNotFound));
        }
    }
    Ok(())
}
