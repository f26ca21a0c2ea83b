//! The sign-in log as Microsoft Graph tells it: `GET /v1.0/auditLogs/signIns`.

use portcullis_model::store::SignInQuery;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::access_token::BearerRefusal;
use crate::graph_caller::{self, GraphCall, check_entitled};
use crate::house::{House, Moment};
use crate::realm;

pub mod query;

use query::ReportQuery;

/// The permission that opens the log.
pub const PERMISSION: &str = "AuditLog.Read.All";

/// A refusal in Graph's form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GraphError {
    /// The HTTP status.
    pub status: u16,
    /// Graph's code.
    pub code: &'static str,
    /// What to do about it.
    pub message: String,
}

impl GraphError {
    /// The JSON body.
    pub fn body(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message}})
    }
}

impl From<BearerRefusal> for GraphError {
    fn from(refusal: BearerRefusal) -> Self {
        let (code, message) = match &refusal {
            BearerRefusal::Absent => ("InvalidAuthenticationToken", "access token is empty"),
            BearerRefusal::Malformed => ("InvalidAuthenticationToken", "access token is malformed"),
            // Why is not told to whoever holds a token that does not count.
            BearerRefusal::Invalid(_) => {
                ("InvalidAuthenticationToken", "access token is not valid")
            }
            BearerRefusal::Insufficient(PERMISSION) => (
                "Authorization_RequestDenied",
                "the token needs `AuditLog.Read.All`, and a person a role that may read reports",
            ),
            BearerRefusal::Insufficient(_) => (
                "Authorization_RequestDenied",
                "the token is not an application's own, or has not the permission this needs",
            ),
            BearerRefusal::Unavailable(_) => ("ServiceUnavailable", "try again in a moment"),
        };
        Self {
            status: refusal.status(),
            code,
            message: message.to_owned(),
        }
    }
}

/// Rows of the token's own tenant, newest first, in Graph's envelope.
pub async fn list_sign_ins(
    house: &House,
    moment: &Moment<'_>,
    call: GraphCall<'_>,
) -> Result<Value, GraphError> {
    let bearer = graph_caller::open(house, moment, call.authorization).await?;
    check_entitled(&bearer, &[PERMISSION], &READERS)?;
    let asked = ReportQuery::parse(call.query)?;
    // One more than shown tells whether there is a next page.
    let query = SignInQuery {
        top: asked.filter.top.saturating_add(1),
        ..asked.filter.clone()
    };
    let store = house.store.tenant(bearer.tenant.id());
    let rows = store.list_sign_ins(&query).await;
    let mut rows = rows.map_err(|error| GraphError::from(BearerRefusal::from(error)))?;
    let has_more = rows.len() > asked.filter.top;
    rows.truncate(asked.filter.top);
    let base = realm::base(&house.public_url);
    let mut envelope = json!({
        "@odata.context": format!("{base}/v1.0/$metadata#auditLogs/signIns"),
        "value": rows,
    });
    if has_more && let Some(members) = envelope.as_object_mut() {
        let next = format!("{base}/v1.0/auditLogs/signIns?{}", asked.next_page());
        members.insert("@odata.nextLink".to_owned(), Value::String(next));
    }
    Ok(envelope)
}

/// Roles that may read the sign-in log: Global Administrator, Global Reader, Reports Reader, Security Administrator,
/// Security Operator, Security Reader.
const READERS: [Uuid; 6] = [
    uuid!("62e90394-69f5-4237-9190-012177145e10"),
    uuid!("f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
    uuid!("4a5d8f65-41da-4de4-8968-e035b65339cf"),
    uuid!("194ae4cb-b126-40b2-bd5b-6091b380977d"),
    uuid!("5f2222b1-57c3-48ba-8ad5-d4759f1fde6f"),
    uuid!("5d6b6bb7-de71-4623-b4af-96380a352509"),
];
