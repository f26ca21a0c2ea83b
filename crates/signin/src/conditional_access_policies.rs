//! `/v1.0/identity/conditionalAccess/policies`: a tenant's policies as Microsoft Graph lists, makes, changes and removes them.
//!
//! Reads see every write that was answered: they ask the store, not the tenant that is kept compiled.

mod edit;
mod refusal;
mod write;

use portcullis_model::document::Document;
use portcullis_model::id::PolicyId;
use portcullis_protocol::oauth::parameters::Parameters;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::access_token::{Bearer, BearerRefusal};
use crate::conditional_access_evaluation::check_permission;
use crate::graph_caller::{self, GraphCall, check_entitled};
use crate::house::{House, Moment};
use crate::realm;
use crate::sign_in_report::GraphError;

pub use refusal::{GUARD_RULE, PolicyRefusal};
pub use write::{Written, create_policy, delete_policy, update_policy};

/// The permission that changes policies.
pub const WRITE_PERMISSION: &str = "Policy.ReadWrite.ConditionalAccess";

/// A request to change.
#[derive(Clone, Copy)]
pub struct PolicyCall<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body; of a removal nobody looks at it.
    pub body: &'a [u8],
}

/// Every policy of the token's tenant, in Graph's envelope.
pub async fn list_policies(
    house: &House,
    moment: &Moment<'_>,
    call: GraphCall<'_>,
) -> Result<Value, GraphError> {
    let policies = read(house, moment, call).await?;
    Ok(json!({ "@odata.context": context(house, ""), "value": policies }))
}

/// One policy.
pub async fn find_policy(
    house: &House,
    moment: &Moment<'_>,
    call: GraphCall<'_>,
    id: &str,
) -> Result<Value, GraphError> {
    let policies = read(house, moment, call).await?;
    let wanted = id.parse::<PolicyId>().ok().map(|id| id.to_string());
    let mut policies = policies.into_iter();
    let found = policies.find(|policy| {
        let id = policy.get("id").and_then(Value::as_str);
        id.is_some() && id.map(str::to_lowercase) == wanted
    });
    found
        .map(|policy| entity(house, policy))
        .ok_or_else(|| unknown(id))
}

/// The documents of the policies, for whoever may read them.
async fn read(
    house: &House,
    moment: &Moment<'_>,
    call: GraphCall<'_>,
) -> Result<Vec<Document>, GraphError> {
    let bearer = graph_caller::open(house, moment, call.authorization).await?;
    check_permission(&bearer)?;
    check_query(call.query)?;
    let store = house.store.tenant(bearer.tenant.id());
    let configuration = store.configuration().await;
    let configuration =
        configuration.map_err(|error| GraphError::from(BearerRefusal::from(error)))?;
    let policies = configuration.into_iter();
    let policies = policies.flat_map(|tenant| tenant.conditional_access_policies);
    Ok(policies.map(|policy| policy.document).collect())
}

/// Whoever writes has to be let read as well.
fn check_may_write(bearer: &Bearer) -> Result<(), BearerRefusal> {
    check_permission(bearer)?;
    check_entitled(bearer, &[WRITE_PERMISSION], &WRITERS)
}

/// Roles that may change policies: Global Administrator, Conditional Access Administrator, Security Administrator.
const WRITERS: [Uuid; 3] = [
    uuid!("62e90394-69f5-4237-9190-012177145e10"),
    uuid!("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"),
    uuid!("194ae4cb-b126-40b2-bd5b-6091b380977d"),
];

/// Query options of Graph's that change what is answered; none of them is understood here, and none is ignored.
const OPTIONS: [&str; 8] = [
    "$count", "$expand", "$filter", "$orderby", "$search", "$select", "$skip", "$top",
];

fn check_query(query: &[u8]) -> Result<(), GraphError> {
    let refused = |message: String| GraphError {
        status: 400,
        code: "BadRequest",
        message,
    };
    let parameters = Parameters::parse(query).map_err(|error| refused(error.to_string()))?;
    let mut options = OPTIONS.into_iter();
    match options.find(|name| parameters.find(name).is_some()) {
        Some(name) => Err(refused(format!(
            "query option `{name}` is not supported here"
        ))),
        None => Ok(()),
    }
}

/// A policy as Graph answers it alone.
fn entity(house: &House, mut document: Document) -> Value {
    let context = Value::String(context(house, "/$entity"));
    document.shift_insert(0, "@odata.context".to_owned(), context);
    Value::Object(document)
}

fn unknown(id: &str) -> GraphError {
    let shown: String = id.chars().take(64).collect();
    GraphError {
        status: 404,
        code: "ResourceNotFound",
        message: format!("there is no policy `{shown}` in the token's tenant"),
    }
}

fn context(house: &House, suffix: &str) -> String {
    let base = realm::base(&house.public_url);
    format!("{base}/v1.0/$metadata#identity/conditionalAccess/policies{suffix}")
}
