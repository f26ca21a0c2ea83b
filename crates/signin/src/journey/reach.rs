//! What scopes reach: the resources they name, and the audiences the policies are asked about (specification 4.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::id::ClientId;
use portcullis_model::store::StoreError;
use portcullis_policy::platform::ClientKind;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::scope::{RequestedScope, Scopes};

use super::request::Reach;
use crate::graph_permissions;
use crate::house::{House, LoadedTenant};
use crate::realm::Registration;
use crate::resource::Resource;
use crate::well_known;

/// Permissions of Microsoft Graph that only read the directory: together with the OpenID Connect scopes they are the
/// baseline, and reach the directory itself.
const DIRECTORY_BASELINE: [&str; 7] = [
    "User.Read",
    "User.Read.All",
    "User.ReadBasic.All",
    "People.Read",
    "People.Read.All",
    "GroupMember.Read.All",
    "Member.Read.Hidden",
];

/// What these scopes reach in `tenant`, asked for by this client.
pub(super) async fn of_scopes(
    house: &House,
    tenant: &Arc<LoadedTenant>,
    client: (ClientId, ClientKind),
    scopes: &Scopes,
) -> Result<Result<Reach, Fault>, StoreError> {
    if scopes.is_empty() {
        return Ok(Err(Fault::with_detail(
            ErrorCode::MissingRequiredParameter,
            "scope",
        )));
    }
    let mut resources = BTreeSet::new();
    for word in scopes.iter() {
        let (name, permission) = match RequestedScope::of(word) {
            RequestedScope::OpenId
            | RequestedScope::Profile
            | RequestedScope::Email
            | RequestedScope::OfflineAccess => continue,
            RequestedScope::Default { resource } => (resource, None),
            RequestedScope::Permission { resource, name } => (resource, Some(name)),
            RequestedScope::Directory { name } => ("", Some(name)),
        };
        let Some(resource) = Resource::find(house, tenant, name).await? else {
            return Ok(Err(Fault::with_detail(ErrorCode::ResourceNotFound, word)));
        };
        if !offers(house, tenant, resource.client, permission).await? {
            return Ok(Err(Fault::with_detail(ErrorCode::InvalidScope, word)));
        }
        resources.insert(resource.client);
    }
    let audiences = audiences(client, scopes, &resources);
    Ok(Ok(Reach {
        resources,
        audiences,
    }))
}

/// Whether the resource defines the permission. The built-in ones have those that Microsoft Graph publishes (70011
/// otherwise): a word that belongs to nobody must not count as consented access to the directory.
async fn offers(
    house: &House,
    tenant: &Arc<LoadedTenant>,
    resource: ClientId,
    permission: Option<&str>,
) -> Result<bool, StoreError> {
    let Some(permission) = permission else {
        return Ok(true);
    };
    if [well_known::GRAPH, well_known::DIRECTORY].contains(&resource) {
        return Ok(graph_permissions::is_published(permission));
    }
    let registration = Registration::find(house, tenant, resource).await?;
    let application = registration.as_ref().and_then(Registration::application);
    Ok(application.is_some_and(|application| {
        let mut scopes = application.api.oauth2_permission_scopes.iter();
        scopes.any(|scope| scope.value == permission)
    }))
}

/// Steps 1, 2 and 4 of specification 4.3. Never empty: baseline scopes alone reach the directory (decision 20).
fn audiences(
    (client, kind): (ClientId, ClientKind),
    scopes: &Scopes,
    resources: &BTreeSet<ClientId>,
) -> BTreeSet<ClientId> {
    let mut audiences = if scopes.iter().all(is_baseline) {
        BTreeSet::from([well_known::DIRECTORY])
    } else {
        resources.clone()
    };
    match kind {
        ClientKind::Confidential if scopes.contains("openid") => {
            audiences.insert(client);
        }
        ClientKind::Confidential | ClientKind::Public => {}
    }
    audiences
}

fn is_baseline(word: &str) -> bool {
    match RequestedScope::of(word) {
        RequestedScope::OpenId
        | RequestedScope::Profile
        | RequestedScope::Email
        | RequestedScope::OfflineAccess => true,
        RequestedScope::Directory { name } => is_directory_baseline(name),
        RequestedScope::Permission { resource, name } => {
            resource.trim_end_matches('/') == "https://graph.microsoft.com"
                && is_directory_baseline(name)
        }
        RequestedScope::Default { .. } => false,
    }
}

/// In any letter case, as the permission itself is understood.
fn is_directory_baseline(name: &str) -> bool {
    DIRECTORY_BASELINE
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use ClientKind::{Confidential, Public};

    use super::*;

    #[test]
    fn v04_every_request_has_an_audience_and_a_confidential_client_is_one_itself() {
        let client: ClientId = "c0c0c0c0-0004-4000-8000-000000000001".parse().unwrap();
        let payroll: ClientId = "c0c0c0c0-0004-4000-8000-000000000002".parse().unwrap();
        let of = |kind, text: &str, resources: &[ClientId]| {
            let scopes = Scopes::parse(Some(text)).unwrap();
            audiences(
                (client, kind),
                &scopes,
                &resources.iter().copied().collect(),
            )
        };
        let directory = well_known::DIRECTORY;
        assert_eq!(of(Public, "openid profile", &[]), [directory].into());
        assert_eq!(of(Confidential, "openid", &[]), [directory, client].into());
        assert_eq!(of(Confidential, "email", &[]), [directory].into());
        assert_eq!(
            of(Public, "User.Read", &[well_known::GRAPH]),
            [directory].into()
        );
        assert_eq!(
            of(Public, "user.read", &[well_known::GRAPH]),
            [directory].into()
        );
        assert_eq!(
            of(Public, "User.Read Mail.Read", &[well_known::GRAPH]),
            [well_known::GRAPH].into()
        );
        assert_eq!(of(Public, "openid api://p/x", &[payroll]), [payroll].into());
        assert_eq!(
            of(Confidential, "openid api://p/x", &[payroll]),
            [payroll, client].into()
        );
    }
}
