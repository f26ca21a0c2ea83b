//! Home realm discovery: where a typed name lives (specification 7.12). It never tells whether an account exists.

use portcullis_model::id::TenantId;
use portcullis_model::session::SessionSubject;
use portcullis_model::store::StoreError;
use portcullis_model::user::CanonicalName;
use portcullis_protocol::oauth::parameters::Parameters;

use super::authorize;
use super::request::Request;
use super::session::Held;
use super::state::Lodging;
use super::walk::{Halt, Progress, Walk};
use crate::page::Step;
use crate::realm::Realm;

/// Where a name leads.
pub(super) enum Found {
    /// This browser has a session of the account already.
    Session(Box<Held>),
    /// A password is to be asked for there.
    Lodging(Lodging),
}

/// Where the name lives, seen from a resource tenant. In this order: a user of the tenant, a guest and their home, the
/// tenant that owns the name's domain, and for every other name the tenant itself, which then finds nobody.
pub(super) async fn find(
    walk: &Walk<'_, '_>,
    resource: TenantId,
    name: &CanonicalName,
    typed: String,
) -> Result<Found, StoreError> {
    let here = walk
        .house
        .store
        .tenant(resource)
        .find_user_by_name(name)
        .await?;
    // An invitation that nobody has accepted is nobody's account yet: whoever is invited proves themselves at home.
    let lodging = match here.filter(|user| !user.is_unclaimed_invitation()) {
        Some(user) => {
            let (tenant, id) = user
                .home_account
                .map_or((resource, user.id), |home| (home.tenant_id, home.user_id));
            Lodging {
                tenant,
                user: Some(id),
                name: typed,
            }
        }
        None => of_stranger(walk, resource, name, typed).await?,
    };
    let session = match lodging.user {
        Some(user) => {
            let subject = SessionSubject::User(user);
            walk.live_session_of(lodging.tenant, subject).await?
        }
        None => None,
    };
    Ok(
        match session.filter(|held| held.session.home_session.is_none()) {
            Some(held) => Found::Session(Box::new(held)),
            None => Found::Lodging(lodging),
        },
    )
}

/// A name the resource tenant does not know lives where its domain does; a guest of that tenant has no home there.
async fn of_stranger(
    walk: &Walk<'_, '_>,
    resource: TenantId,
    name: &CanonicalName,
    typed: String,
) -> Result<Lodging, StoreError> {
    let owner = match name.domain() {
        Some(domain) => tenant_of_domain(walk, domain).await?,
        None => None,
    };
    let tenant = owner.unwrap_or(resource);
    let mut user = None;
    if tenant != resource {
        let store = walk.house.store.tenant(tenant);
        let found = store.find_user_by_name(name).await?;
        user = found
            .filter(|user| user.home_account.is_none())
            .map(|user| user.id);
    }
    Ok(Lodging {
        tenant,
        user,
        name: typed,
    })
}

/// The tenant that has verified a domain.
pub(super) async fn tenant_of_domain(
    walk: &Walk<'_, '_>,
    domain: &str,
) -> Result<Option<TenantId>, StoreError> {
    walk.house
        .store
        .find_tenant_by_domain(&domain.to_lowercase())
        .await
}

/// Begins again at the tenant that was found: the same request, read anew with that tenant's eyes.
pub(super) async fn re_enter(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: &Request,
    tenant: TenantId,
    name: Option<String>,
) -> Result<Step, Halt> {
    let parameters = Parameters::parse(request.parameters.as_bytes())
        .map_err(|_| Halt::Fault("a request that was read cannot be read again"))?;
    let realm = Realm::Tenant(walk.tenant(tenant).await?);
    // The two functions call each other, once: here the realm is known.
    Box::pin(authorize::enter(walk, progress, realm, parameters, name)).await
}
