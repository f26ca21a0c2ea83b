//! Who calls Graph: the one way in which its endpoints open a token and ask what its bearer may do.

use portcullis_model::id::RoleTemplateId;
use portcullis_protocol::oidc::userinfo::find_bearer;
use uuid::Uuid;

use crate::access_token::{self, Bearer, BearerRefusal, BearerSubject, Wanted};
use crate::house::{House, Moment};
use crate::sign_in_report::GraphError;
use crate::well_known;

/// A request to read.
#[derive(Clone, Copy)]
pub struct GraphCall<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The query of the URL, without `?`.
    pub query: &'a [u8],
}

/// What a token for Graph says, of any tenant.
pub(crate) async fn open(
    house: &House,
    moment: &Moment<'_>,
    authorization: Option<&str>,
) -> Result<Bearer, GraphError> {
    let token = find_bearer(authorization, None).map_err(BearerRefusal::from)?;
    let wanted = Wanted {
        audiences: &[well_known::GRAPH],
        path_tenant: None,
    };
    Ok(access_token::open(house, moment.now, token.expose(), wanted).await?)
}

/// An application needs one of these permissions; a person needs one of them delegated, and one of these roles beside it.
/// Where neither is there, the first permission is named.
pub(crate) fn check_entitled(
    bearer: &Bearer,
    permissions: &'static [&'static str],
    roles: &[Uuid],
) -> Result<(), BearerRefusal> {
    let is_entitled = match &bearer.subject {
        BearerSubject::Application => permissions.iter().any(|one| bearer.roles.contains(*one)),
        BearerSubject::Person(visitor) => {
            let has_role = |role: &RoleTemplateId| roles.contains(&role.uuid());
            permissions.iter().any(|one| bearer.scopes.contains(*one))
                && visitor.memberships.roles.iter().any(has_role)
        }
    };
    if is_entitled {
        Ok(())
    } else {
        let named = permissions.first().copied().unwrap_or_default();
        Err(BearerRefusal::Insufficient(named))
    }
}
