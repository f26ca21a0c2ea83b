//! Which application asks, and whether the address it names is its own (RFC 6749 §4.1.1, §3.1.2.3).

use portcullis_model::application::{Application, RedirectKind, SignInAudience};
use portcullis_model::id::ClientId;
use portcullis_model::store::StoreError;
use portcullis_protocol::oauth::authorization_request::AuthorizationTarget;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::redirect_uri::{MatchedRedirectUri, match_exactly};

use crate::house::House;
use crate::realm::{Realm, Registration};

/// An application that may ask at this address.
pub(super) struct Client {
    pub(super) id: ClientId,
    pub(super) name: String,
    registration: Registration,
}

/// The client of a request: known in the tenant and switched on there; at `organizations` and `common` registered for
/// accounts of any organisation.
pub(super) async fn identify(
    house: &House,
    realm: &Realm,
    target: &AuthorizationTarget,
) -> Result<Result<Client, Fault>, StoreError> {
    let Ok(id) = target.client_id.parse::<ClientId>() else {
        return Ok(Err(ErrorCode::ApplicationNotFound.into()));
    };
    match realm {
        Realm::Tenant(tenant) => {
            let Some(principal) = tenant.service_principal(id) else {
                return Ok(Err(ErrorCode::ApplicationNotFound.into()));
            };
            if !principal.account_enabled {
                return Ok(Err(ErrorCode::ApplicationDisabled.into()));
            }
            let registration = Registration::find(house, tenant, id).await?;
            let name = principal.display_name.clone();
            Ok(
                registration.map_or(Err(ErrorCode::ApplicationNotFound.into()), |registration| {
                    Ok(Client {
                        id,
                        name,
                        registration,
                    })
                }),
            )
        }
        Realm::Undiscovered => identify_anywhere(house, id).await,
    }
}

async fn identify_anywhere(
    house: &House,
    id: ClientId,
) -> Result<Result<Client, Fault>, StoreError> {
    let unknown = || Ok(Err(ErrorCode::ApplicationNotFound.into()));
    let Some(owner) = house.store.find_application_owner(id).await? else {
        return unknown();
    };
    let Some(owner) = house.tenants.find(owner).await? else {
        return unknown();
    };
    let Some(application) = owner.application(id) else {
        return unknown();
    };
    Ok(match application.sign_in_audience {
        SignInAudience::AzureADMyOrg => Err(ErrorCode::NotMultiTenantApplication.into()),
        SignInAudience::AzureADMultipleOrgs => Ok(Client {
            id,
            name: application.display_name.clone(),
            registration: Registration { owner, client: id },
        }),
    })
}

impl Client {
    /// Where to answer, and as what that address is registered. The fault may only be shown.
    pub(super) fn match_redirect_uri(
        &self,
        requested: Option<&str>,
    ) -> Result<(MatchedRedirectUri, RedirectKind), Fault> {
        let Some(application) = self.registration.application() else {
            return Err(ErrorCode::ApplicationNotFound.into());
        };
        let matched = match_exactly(
            requested,
            platforms(application)
                .into_iter()
                .flat_map(|(_, uris)| uris),
        )?;
        let platform = platforms(application)
            .into_iter()
            .find(|(_, uris)| match_exactly(Some(matched.as_str()), uris.iter().copied()).is_ok())
            .map(|(platform, _)| platform);
        match platform {
            Some(platform) => Ok((matched, platform)),
            None => Err(ErrorCode::InvalidReplyTo.into()),
        }
    }
}

/// An address that is registered twice is a public client's: what cannot keep a secret decides.
fn platforms(application: &Application) -> [(RedirectKind, Vec<&str>); 3] {
    [
        (
            RedirectKind::PublicClient,
            application
                .public_client
                .redirect_uris
                .iter()
                .map(String::as_str)
                .collect(),
        ),
        (
            RedirectKind::Spa,
            application
                .spa
                .redirect_uris
                .iter()
                .map(String::as_str)
                .collect(),
        ),
        (
            RedirectKind::Web,
            application
                .web
                .redirect_uris
                .iter()
                .map(String::as_str)
                .collect(),
        ),
    ]
}
