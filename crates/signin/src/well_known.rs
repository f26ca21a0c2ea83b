//! Applications every tenant has without a registration: the directory and Microsoft Graph, by their published ids.

use portcullis_model::id::ClientId;
use uuid::{Uuid, uuid};

use crate::house::LoadedTenant;

/// "Windows Azure Active Directory": what a request with only baseline scopes reaches (decision 20).
pub const DIRECTORY: ClientId = ClientId::new(DIRECTORY_UUID);
/// "Microsoft Graph": the resource of scopes that name none.
pub const GRAPH: ClientId = ClientId::new(GRAPH_UUID);

const DIRECTORY_UUID: Uuid = uuid!("00000002-0000-0000-c000-000000000000");
const GRAPH_UUID: Uuid = uuid!("00000003-0000-0000-c000-000000000000");

/// The name of an application as this tenant's pages and log show it.
pub fn application_name(tenant: &LoadedTenant, client: ClientId) -> Option<String> {
    tenant
        .service_principal(client)
        .map(|principal| principal.display_name.clone())
        .or_else(|| {
            tenant
                .application(client)
                .map(|application| application.display_name.clone())
        })
        .or_else(|| match client.uuid() {
            DIRECTORY_UUID => Some("Windows Azure Active Directory".to_owned()),
            GRAPH_UUID => Some("Microsoft Graph".to_owned()),
            _ => None,
        })
}
