//! The resource a scope names: what a token is for, and the algorithm its registration wants.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::application::SigningAlgorithm;
use portcullis_model::id::ClientId;
use portcullis_model::store::StoreError;
use portcullis_protocol::oauth::scope::RequestedScope;

use crate::house::{House, LoadedTenant};
use crate::realm::{self, Registration};
use crate::well_known;

/// An application that tokens are addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// The `aud` of its tokens.
    pub client: ClientId,
    /// What signs them.
    pub algorithm: SigningAlgorithm,
}

impl Resource {
    /// The directory: what baseline scopes reach (decision 20), and the audience of a token for userinfo alone.
    pub const DIRECTORY: Self = Self::built_in(well_known::DIRECTORY);
    /// Our own Graph-shaped API: what bare scopes such as `User.Read` belong to.
    pub const GRAPH: Self = Self::built_in(well_known::GRAPH);

    const fn built_in(client: ClientId) -> Self {
        Self {
            client,
            algorithm: SigningAlgorithm::RS256,
        }
    }

    /// The resource of this name (client id or identifier URI) as `tenant` knows it: registered here or used here, and
    /// switched on (500011 otherwise). An empty name is our own API.
    pub async fn find(
        house: &House,
        tenant: &Arc<LoadedTenant>,
        name: &str,
    ) -> Result<Option<Self>, StoreError> {
        if let Some(built_in) = Self::find_built_in(house, name) {
            return Ok(Some(built_in));
        }
        let by_id = name.parse::<ClientId>().ok();
        let principals = tenant.configuration.service_principals.iter();
        for principal in principals.filter(|principal| principal.account_enabled) {
            // Most names are decided without looking at another tenant's registrations.
            if by_id.is_some_and(|id| id != principal.app_id) {
                continue;
            }
            let found = Registration::find(house, tenant, principal.app_id).await?;
            let Some(application) = found.as_ref().and_then(Registration::application) else {
                continue;
            };
            let is_named =
                by_id.is_some() || application.identifier_uris.iter().any(|uri| uri == name);
            if is_named {
                return Ok(Some(Self {
                    client: application.app_id,
                    algorithm: application.token_signing_algorithm,
                }));
            }
        }
        Ok(None)
    }

    fn find_built_in(house: &House, name: &str) -> Option<Self> {
        let bare = name.trim_end_matches('/');
        let is_graph = bare.is_empty()
            || bare == "https://graph.microsoft.com"
            || bare == realm::base(&house.public_url);
        if is_graph {
            return Some(Self::GRAPH);
        }
        if bare == "https://graph.windows.net" {
            return Some(Self::DIRECTORY);
        }
        let named = name.parse::<ClientId>().ok()?;
        [Self::GRAPH, Self::DIRECTORY]
            .into_iter()
            .find(|built_in| built_in.client == named)
    }

    /// Every resource these scopes name; baseline scopes name none.
    pub async fn of_scopes(
        house: &House,
        tenant: &Arc<LoadedTenant>,
        scopes: &BTreeSet<String>,
    ) -> Result<Named, StoreError> {
        let mut named = Named::default();
        for word in scopes {
            let name = match RequestedScope::of(word) {
                RequestedScope::OpenId
                | RequestedScope::Profile
                | RequestedScope::Email
                | RequestedScope::OfflineAccess => continue,
                RequestedScope::Default { resource }
                | RequestedScope::Permission { resource, .. } => resource,
                RequestedScope::Directory { .. } => "",
            };
            match Self::find(house, tenant, name).await? {
                Some(resource) => named.known.insert(resource),
                None => named.unknown.insert(word.clone()),
            };
        }
        Ok(named)
    }
}

/// The resources a set of scopes names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Those the tenant knows.
    pub known: BTreeSet<Resource>,
    /// Scopes of resources the tenant does not know.
    pub unknown: BTreeSet<String>,
}

/// The name of a scope inside its resource, as the `scp` claim has it: `Reports.Read` of `api://payroll/Reports.Read`.
pub fn short_name(scope: &str) -> Option<&str> {
    match RequestedScope::of(scope) {
        RequestedScope::OpenId | RequestedScope::Profile | RequestedScope::Email => Some(scope),
        // Says something of the refresh token, nothing of the access token.
        RequestedScope::OfflineAccess | RequestedScope::Default { .. } => None,
        RequestedScope::Permission { name, .. } | RequestedScope::Directory { name } => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_short_names_in_tokens() {
        for (scope, short) in [
            ("openid", Some("openid")),
            ("offline_access", None),
            ("api://payroll/.default", None),
            ("api://payroll/Reports.Read", Some("Reports.Read")),
            ("User.Read", Some("User.Read")),
        ] {
            assert_eq!(short_name(scope), short, "{scope}");
        }
    }
}
