//! Client credentials (RFC 6749 §4.4): an application gets a token of its own, for the permissions it was granted.
//!
//! The hot path of machines: two reads from memory, one from the store, one decision, one signature, one commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::store::{Change, CommitError};
use portcullis_policy::decide::decide;
use portcullis_policy::facts::{
    ClientProtection, Fulfilled, Interaction, MethodFacts, PlaceFacts, RiskFacts, SignIn, Subject,
};
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oidc::access_token::ClientAuthenticationClass;

use crate::house::{House, LoadedTenant, Moment};
use crate::mint::{ApplicationOrder, mint_for_application};
use crate::resource::Resource;
use crate::token::client::AuthenticatedClient;
use crate::token::error::TokenError;
use crate::token::grant_use::outcome;
use crate::token::handout::Handout;
use crate::token::record::{APPLICATION_CLIENT_TYPE, ApplicationAttempt};

/// What an application asks for.
pub struct ApplicationRequest<'a> {
    /// In which tenant.
    pub tenant: &'a Arc<LoadedTenant>,
    /// Who asks.
    pub client: AuthenticatedClient,
    /// Client id or identifier URI of the resource.
    pub resource: &'a str,
}

/// Gives an application its token.
pub async fn give(
    house: &House,
    moment: &mut Moment<'_>,
    request: ApplicationRequest<'_>,
) -> Result<Handout, TokenError> {
    let tenant = request.tenant;
    let client = &request.client;
    match client.class {
        ClientAuthenticationClass::Secret | ClientAuthenticationClass::Key => {}
        // A public client has nothing of its own to prove (requirement B17).
        ClientAuthenticationClass::Public => {
            return Err(ErrorCode::UnauthorizedClientGrant.into());
        }
    }
    let Some(resource) = Resource::find(house, tenant, request.resource).await? else {
        let nothing = BTreeSet::new();
        let fault = ErrorCode::ResourceNotFound.into();
        return Err(refuse(house, moment, &request, &nothing, fault).await?);
    };
    let audiences = BTreeSet::from([resource.client]);
    let roles = roles(&request, resource);
    let needs_role = tenant
        .service_principal(resource.client)
        .is_some_and(|principal| principal.app_role_assignment_required);
    if needs_role && roles.is_empty() {
        let fault = ErrorCode::EntitlementGrantsNotFound.into();
        return Err(refuse(house, moment, &request, &audiences, fault).await?);
    }
    let facts = facts(moment, client, &audiences);
    let decision = decide(&tenant.compiled, facts);
    let attempt = ApplicationAttempt {
        tenant,
        principal: &client.principal,
        audiences: &audiences,
        decision: Some(&decision),
        failure: None,
        unique_token_identifier: None,
    };
    if let Err(fault) = outcome(&decision) {
        let failure = Some(fault.code);
        let rows = ApplicationAttempt { failure, ..attempt }.rows(moment);
        commit(house, &request, rows).await?;
        return Err(TokenError::Logged(fault));
    }
    let permit = decision.permit().ok_or(TokenError::Lost)?;
    let order = ApplicationOrder {
        tenant,
        principal: client.principal.id,
        client: client.id(),
        resource,
        roles,
        client_class: client.class,
    };
    let minted = mint_for_application(house, moment.now, moment.entropy, permit, order).await?;
    let unique_token_identifier = Some(minted.unique_token_identifier.clone());
    let rows = ApplicationAttempt {
        unique_token_identifier,
        ..attempt
    }
    .rows(moment);
    commit(house, &request, rows).await?;
    let scope = format!("{}/.default", request.resource);
    Ok(Handout::of_application(minted, scope))
}

/// The application permissions it holds at the resource, in this tenant.
fn roles(request: &ApplicationRequest<'_>, resource: Resource) -> Vec<String> {
    let granted = request.client.principal.granted_app_roles.iter();
    let here = granted.filter(|role| role.resource_app_id == resource.client);
    let names: BTreeSet<String> = here.map(|role| role.value.clone()).collect();
    names.into_iter().collect()
}

fn facts(
    moment: &Moment<'_>,
    client: &AuthenticatedClient,
    audiences: &BTreeSet<portcullis_model::id::ClientId>,
) -> SignIn {
    SignIn {
        subject: Subject::ServicePrincipal(client.principal.id),
        audiences: audiences.clone(),
        client: client.id(),
        client_app_type: APPLICATION_CLIENT_TYPE,
        platform: None,
        ip_address: moment.ip_address,
        country: moment.country,
        place: PlaceFacts::default(),
        client_protection: ClientProtection::default(),
        risk: RiskFacts::default(),
        transfer_method: None,
        fulfilled: Fulfilled::default(),
        methods: MethodFacts::default(),
        user_action: None,
        authentication_contexts: BTreeSet::new(),
        device: None,
        proofs: Vec::new(),
        interaction: Interaction::Silent,
        requests_mfa: false,
        at: moment.now,
    }
}

async fn refuse(
    house: &House,
    moment: &mut Moment<'_>,
    request: &ApplicationRequest<'_>,
    audiences: &BTreeSet<portcullis_model::id::ClientId>,
    fault: Fault,
) -> Result<TokenError, TokenError> {
    let rows = ApplicationAttempt {
        tenant: request.tenant,
        principal: &request.client.principal,
        audiences,
        decision: None,
        failure: Some(fault.code),
        unique_token_identifier: None,
    }
    .rows(moment);
    commit(house, request, rows).await?;
    Ok(TokenError::Logged(fault))
}

/// The assertion, if there is one, is spent with whatever came of it.
async fn commit(
    house: &House,
    request: &ApplicationRequest<'_>,
    rows: Vec<Change>,
) -> Result<(), TokenError> {
    let spend = request.client.spend.iter().cloned();
    let changes = spend.chain(rows).collect();
    let store = house.store.tenant(request.tenant.id());
    match store.commit(changes).await {
        Ok(()) => Ok(()),
        Err(CommitError::Lost { .. }) => Err(ErrorCode::ClientAssertionReplayed.into()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
