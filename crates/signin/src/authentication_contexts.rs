//! Authentication contexts: names under which an application asks for more than its audience demands (`acrs`,
//! specification 4.3 and 7.10). What is asked for is met or refused; a token names only what was met.

use std::collections::BTreeSet;

use portcullis_model::artefact::Grant;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_protocol::oauth::claims_request::ClaimsRequest;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use crate::house::LoadedTenant;

/// The contexts that a request cannot do without. One that this tenant does not publish can be met by nobody, and is
/// refused by its name: a policy that nobody wrote protects nothing.
pub(crate) fn demanded(
    tenant: &LoadedTenant,
    claims: &ClaimsRequest,
) -> Result<BTreeSet<AuthenticationContextId>, Fault> {
    let demanded = claims.demanded_authentication_contexts();
    demanded
        .into_iter()
        .map(|text| {
            let id = text.parse().ok();
            id.filter(|id| is_published(tenant, *id))
                .ok_or_else(|| unknown(text))
        })
        .collect()
}

/// The contexts that a grant was given under and that are still published.
pub(crate) fn remembered(
    tenant: &LoadedTenant,
    grant: &Grant,
) -> BTreeSet<AuthenticationContextId> {
    let known = grant.authentication_contexts.iter();
    let known = known.filter_map(|text| text.parse().ok());
    known.filter(|id| is_published(tenant, *id)).collect()
}

/// As tokens and grants name them.
pub(crate) fn names(contexts: &BTreeSet<AuthenticationContextId>) -> BTreeSet<String> {
    contexts.iter().map(ToString::to_string).collect()
}

fn is_published(tenant: &LoadedTenant, id: AuthenticationContextId) -> bool {
    let mut contexts = tenant.configuration.authentication_contexts.iter();
    contexts.any(|context| context.id == id && context.is_available)
}

fn unknown(text: &str) -> Fault {
    // A text of the request is not repeated where it would be no more than noise.
    let named: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    let detail = format!("acrs: this organization publishes no authentication context {named}");
    Fault::with_detail(ErrorCode::EssentialClaimUnmet, detail)
}
