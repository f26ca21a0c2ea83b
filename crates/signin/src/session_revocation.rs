//! `POST /v1.0/users/{id}/revokeSignInSessions`: an administrator's application ends everything a person is signed in to
//! (Microsoft Graph; requirements S12, S13).

use portcullis_model::id::UserId;
use portcullis_model::store::{Change, CommitError, StoreError, TenantStore};
use portcullis_model::user::{CanonicalName, User};

use crate::access_token::{BearerRefusal, BearerSubject};
use crate::graph_caller;
use crate::house::{House, Moment};
use crate::sign_in_report::GraphError;
use crate::sign_out::end::{LogoutDelivery, notices};

/// The application permission that ends people's sessions. It has no delegated form here: people end their own.
pub const PERMISSION: &str = "User.RevokeSessions.All";

/// A request to end a person's sessions.
#[derive(Clone, Copy)]
pub struct RevocationCall<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The user of the path: an object id or a UPN.
    pub user: &'a str,
}

/// Ends them, in the tenant of the token; answers what the server is to deliver.
pub async fn revoke_sign_in_sessions(
    house: &House,
    moment: &mut Moment<'_>,
    call: RevocationCall<'_>,
) -> Result<Vec<LogoutDelivery>, GraphError> {
    let bearer = graph_caller::open(house, moment, call.authorization).await?;
    let is_entitled = match &bearer.subject {
        BearerSubject::Application => bearer.roles.contains(PERMISSION),
        BearerSubject::Person(_) => false,
    };
    if !is_entitled {
        return Err(BearerRefusal::Insufficient(PERMISSION).into());
    }
    let unavailable = |error: StoreError| GraphError::from(BearerRefusal::from(error));
    let store = house.store.tenant(bearer.tenant.id());
    let found = find(&*store, call.user).await.map_err(unavailable)?;
    let Some(user) = found else {
        return Err(GraphError {
            status: 404,
            code: "Request_ResourceNotFound",
            message: "there is no user with this id or name in the token's tenant".to_owned(),
        });
    };
    let deliveries = notices(house, moment, &bearer.tenant, user.id).await;
    let deliveries = deliveries.map_err(unavailable)?;
    let changes = changes(user.id, moment.now);
    match store.commit(changes).await {
        Ok(()) => {
            tracing::info!(tenant = %bearer.tenant.id(), user = %user.id, client = %bearer.client,
                "an application ended the sessions of a user");
            Ok(deliveries)
        }
        Err(CommitError::Store(error)) => Err(unavailable(error)),
        // The user went away meanwhile, and the sessions with them.
        Err(CommitError::Lost { .. }) => Ok(deliveries),
    }
}

/// What ends everything of a user: nothing proven before `now` counts any more, here or where they are a guest, and what is
/// kept here is over.
pub fn changes(user: UserId, now: portcullis_model::Timestamp) -> Vec<Change> {
    vec![
        Change::ForgetSignIns { user, before: now },
        Change::EndSessionsOfUser(user),
    ]
}

/// The user of an object id or a UPN; mail addresses name nobody here, since two people may share one.
pub async fn find(store: &dyn TenantStore, named: &str) -> Result<Option<User>, StoreError> {
    if let Ok(id) = named.parse::<UserId>() {
        return store.find_user(id).await;
    }
    let Some(name) = CanonicalName::parse(named) else {
        return Ok(None);
    };
    let found = store.find_user_by_name(&name).await?;
    Ok(found.filter(|user| {
        CanonicalName::parse(&user.user_principal_name).is_some_and(|principal| principal == name)
    }))
}
