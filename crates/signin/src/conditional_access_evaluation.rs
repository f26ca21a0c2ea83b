//! `POST /v1.0/identity/conditionalAccess/evaluate`: what the policies of the token's tenant would make of a sign-in (Microsoft
//! Graph; specification 9).
//!
//! Nothing of another tenant is looked at: a guest's home tenant is supposed to let them out, and its account to be usable.

use portcullis_model::group::Memberships;
use portcullis_model::id::UserId;
use portcullis_model::store::StoreError;
use portcullis_model::user::User;
use portcullis_whatif::directory::{Directory, DirectoryTenant, People};
use portcullis_whatif::graph_answer::graph_answer;
use portcullis_whatif::graph_request::GraphRequest;
use portcullis_whatif::situation::{Situation, Who};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::access_token::{Bearer, BearerRefusal};
use crate::graph_caller::{self, check_entitled};
use crate::house::{House, Moment};
use crate::realm;
use crate::sign_in_report::GraphError;

/// The permissions any of which is enough, the least one first.
pub const PERMISSIONS: [&str; 3] = [
    "Policy.Read.ConditionalAccess",
    "Policy.Read.All",
    "Policy.ReadWrite.ConditionalAccess",
];

/// A question.
#[derive(Clone, Copy)]
pub struct EvaluationCall<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What would happen, in Graph's envelope.
pub async fn evaluate(
    house: &House,
    moment: &Moment<'_>,
    call: EvaluationCall<'_>,
) -> Result<Value, GraphError> {
    let bearer = graph_caller::open(house, moment, call.authorization).await?;
    check_permission(&bearer)?;
    // Graph's number for a body that does not match the schema (specification 1).
    let refused = |problem: String| GraphError {
        status: 400,
        code: "BadRequest",
        message: format!("1007: {problem}"),
    };
    let request = GraphRequest::parse(call.body).map_err(|error| refused(error.to_string()))?;
    let people = match user_id(&request.situation) {
        None => People::Nobody,
        Some(id) => {
            let unavailable = |error: StoreError| GraphError::from(BearerRefusal::from(error));
            let found = find(house, &bearer, id).await.map_err(unavailable)?;
            found.map_or(People::Nobody, |found| People::One(Box::new(found)))
        }
    };
    let tenant = DirectoryTenant::new(
        bearer.tenant.configuration.clone(),
        bearer.tenant.compiled.clone(),
        people,
    );
    let directory = Directory::new([tenant.clone()]);
    let answer = graph_answer(&directory, &tenant, request.question(), moment.now);
    let mut answer = answer.map_err(|error| refused(error.to_string()))?;
    if let Some(members) = answer.as_object_mut() {
        let base = realm::base(&house.public_url);
        let context =
            format!("{base}/v1.0/$metadata#Collection(microsoft.graph.whatIfAnalysisResult)");
        members.insert("@odata.context".to_owned(), json!(context));
    }
    Ok(answer)
}

/// The object id of whoever signs in, if the body names one.
fn user_id(situation: &Situation) -> Option<UserId> {
    match situation.user.as_ref()? {
        Who::Named(id) => id.parse().ok(),
        Who::Described(described) => described.id.as_deref()?.parse().ok(),
    }
}

async fn find(
    house: &House,
    bearer: &Bearer,
    user: UserId,
) -> Result<Option<(User, Memberships)>, StoreError> {
    let store = house.store.tenant(bearer.tenant.id());
    store.find_user_and_memberships(user).await
}

/// An application needs a permission; a person needs it delegated and a role beside it.
pub(crate) fn check_permission(bearer: &Bearer) -> Result<(), BearerRefusal> {
    check_entitled(bearer, &PERMISSIONS, &READERS)
}

/// Roles that may read policies: Global Administrator, Global Reader, Conditional Access Administrator, Security
/// Administrator, Security Reader.
const READERS: [Uuid; 5] = [
    uuid!("62e90394-69f5-4237-9190-012177145e10"),
    uuid!("f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
    uuid!("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"),
    uuid!("194ae4cb-b126-40b2-bd5b-6091b380977d"),
    uuid!("5d6b6bb7-de71-4623-b4af-96380a352509"),
];
