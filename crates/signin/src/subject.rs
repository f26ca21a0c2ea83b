//! The `sub` an application knows a person by: pairwise, from the installation's key.

use aws_lc_rs::digest::{SHA256, digest};
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::session::SessionSubject;
use portcullis_protocol::oidc::subject::{PairwiseInput, PairwiseKey, pairwise_subject};

use crate::house::House;

/// The subject of a person of `tenant` as `application` (the client of an id token, the resource of an access token) knows them.
pub fn pairwise(
    house: &House,
    tenant: TenantId,
    application: ClientId,
    subject: SessionSubject,
) -> String {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest(&SHA256, house.pairwise_key.expose().as_bytes()).as_ref());
    let user = match subject {
        SessionSubject::User(user) => user.to_string(),
        // Direct connect users have no object here; both ids, so that no two tenants' users meet.
        SessionSubject::DirectConnect(account) => {
            format!("{}/{}", account.tenant_id, account.user_id)
        }
    };
    pairwise_subject(
        &PairwiseKey::new(&octets),
        PairwiseInput {
            application: &application.to_string(),
            tenant: &tenant.to_string(),
            user: &user,
        },
    )
}
