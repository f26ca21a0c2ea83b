//! Makes, changes and removes a policy: read as strictly as at an import, guarded, and written on condition that nobody else
//! has changed the configuration meanwhile.

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::conditional_access::referable::Referable;
use portcullis_model::document::Document;
use portcullis_model::id::PolicyId;
use portcullis_model::organization::PolicyChangeGuard;
use portcullis_model::session::SessionSubject;
use portcullis_model::store::{Change, CommitError, TenantWorld};
use serde_json::{Value, json};

use super::refusal::PolicyRefusal;
use super::{PolicyCall, check_may_write, edit, entity, unknown};
use crate::access_token::{Bearer, BearerSubject};
use crate::change_guard::{Cause, GuardError, GuardFinding, GuardedChange};
use crate::graph_caller;
use crate::house::{House, Moment};
use crate::sign_in_report::GraphError;

/// A tenant has at most so many policies by this way: each is looked at by every sign-in.
const POLICIES_MAX: usize = 1000;

/// A change that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The new policy; nothing is answered of a changed or removed one.
    pub entity: Option<Value>,
    /// What does not hold now: what was broken before, and what the change broke where the tenant only wants to be warned.
    pub findings: Vec<GuardFinding>,
}

/// What is to be done.
enum Edit {
    Create(Document),
    Update(PolicyId, Document),
    Delete(PolicyId),
}

/// Makes a policy.
pub async fn create_policy(
    house: &House,
    moment: &mut Moment<'_>,
    call: PolicyCall<'_>,
) -> Result<Written, PolicyRefusal> {
    let bearer = authorized(house, moment, call).await?;
    let members = edit::members(call.body)?;
    write(house, moment, &bearer, Edit::Create(members)).await
}

/// Changes what the body mentions of a policy.
pub async fn update_policy(
    house: &House,
    moment: &mut Moment<'_>,
    call: PolicyCall<'_>,
    id: &str,
) -> Result<Written, PolicyRefusal> {
    let bearer = authorized(house, moment, call).await?;
    let policy = id.parse().map_err(|_| unknown(id))?;
    let members = edit::members(call.body)?;
    write(house, moment, &bearer, Edit::Update(policy, members)).await
}

/// Removes a policy.
pub async fn delete_policy(
    house: &House,
    moment: &mut Moment<'_>,
    call: PolicyCall<'_>,
    id: &str,
) -> Result<Written, PolicyRefusal> {
    let bearer = authorized(house, moment, call).await?;
    let policy = id.parse().map_err(|_| unknown(id))?;
    write(house, moment, &bearer, Edit::Delete(policy)).await
}

async fn authorized(
    house: &House,
    moment: &Moment<'_>,
    call: PolicyCall<'_>,
) -> Result<Bearer, PolicyRefusal> {
    let bearer = graph_caller::open(house, moment, call.authorization).await?;
    check_may_write(&bearer)?;
    Ok(bearer)
}

async fn write(
    house: &House,
    moment: &mut Moment<'_>,
    bearer: &Bearer,
    edit: Edit,
) -> Result<Written, PolicyRefusal> {
    let tenant = bearer.tenant.id();
    let store = house.store.tenant(tenant);
    let Some((version, before)) = store.export().await? else {
        return Err(PolicyRefusal::conflict());
    };
    let fresh = PolicyId::random(moment.entropy);
    let done = done(&before, edit, fresh, moment)?;
    let by = by(bearer);
    let findings = guarded(house, before, &done).await;
    if let Err(PolicyRefusal::Guarded(findings)) = &findings {
        let broken = findings.iter().filter(|one| one.cause == Cause::Change);
        let broken = broken.filter_map(|one| one.lines.first());
        tracing::warn!(
            %tenant, policy = %done.id, client = %bearer.client, by,
            broken = broken.cloned().collect::<Vec<String>>().join("; "),
            correlation_id = %moment.correlation_id,
            "a change of a policy was refused: it breaks what must hold"
        );
    }
    let findings = findings?;
    let advance = Change::AdvanceConfiguration {
        from_version: version,
        now: moment.now,
    };
    match store.commit(vec![advance, done.change]).await {
        Ok(()) => {}
        Err(CommitError::Lost { .. }) => return Err(PolicyRefusal::conflict()),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let broken = findings.iter().filter(|one| one.cause == Cause::Change);
    tracing::info!(
        %tenant, policy = %done.id, client = %bearer.client, by,
        version = version.saturating_add(1), broken = broken.count(),
        correlation_id = %moment.correlation_id,
        "{}", done.what
    );
    let entity = done.entity.map(|document| {
        let mut entity = entity(house, document);
        if let (Some(members), false) = (entity.as_object_mut(), findings.is_empty()) {
            let told: Vec<&Value> = findings.iter().map(|one| &one.document).collect();
            members.insert("portcullis".to_owned(), json!({ "findings": told }));
        }
        entity
    });
    Ok(Written { entity, findings })
}

/// Who made the call, for the log.
fn by(bearer: &Bearer) -> String {
    match &bearer.subject {
        BearerSubject::Person(visitor) => match visitor.subject {
            SessionSubject::User(user) => user.to_string(),
            SessionSubject::DirectConnect(home) => home.user_id.to_string(),
        },
        BearerSubject::Application => "the application itself".to_owned(),
    }
}

/// An edit, done to what was read and not yet written.
struct Done {
    id: PolicyId,
    what: &'static str,
    change: Change,
    policies: Vec<ConditionalAccessPolicy>,
    entity: Option<Document>,
}

fn done(
    before: &TenantWorld,
    edit: Edit,
    fresh: PolicyId,
    moment: &Moment<'_>,
) -> Result<Done, PolicyRefusal> {
    let mut policies = before
        .conditional_access_policies
        .clone()
        .unwrap_or_default();
    let read = |document: Document| -> Result<ConditionalAccessPolicy, PolicyRefusal> {
        let policy = ConditionalAccessPolicy::from_document(document)?;
        Referable::of_tenant(before).check(&policy)?;
        Ok(policy)
    };
    match edit {
        Edit::Create(members) => {
            if policies.len() >= POLICIES_MAX {
                return Err(PolicyRefusal::bad(format!(
                    "the tenant has {POLICIES_MAX} policies, and no more can be made"
                )));
            }
            let policy = read(edit::created(members, fresh, moment.now))?;
            policies.push(policy.clone());
            Ok(Done {
                id: fresh,
                what: "a policy was made",
                entity: Some(policy.document.clone()),
                change: Change::KeepPolicy(Box::new(policy)),
                policies,
            })
        }
        Edit::Update(id, members) => {
            let mut stored = policies.iter_mut();
            let stored = stored.find(|one| one.id == id);
            let stored = stored.ok_or_else(|| unknown(&id.to_string()))?;
            let document = edit::updated(stored.document.clone(), members, id, moment.now)?;
            let policy = read(document)?;
            stored.clone_from(&policy);
            Ok(Done {
                id,
                what: "a policy was changed",
                entity: None,
                change: Change::KeepPolicy(Box::new(policy)),
                policies,
            })
        }
        Edit::Delete(id) => {
            if !policies.iter().any(|one| one.id == id) {
                return Err(unknown(&id.to_string()).into());
            }
            policies.retain(|one| one.id != id);
            Ok(Done {
                id,
                what: "a policy was removed",
                entity: None,
                change: Change::RemovePolicy(id),
                policies,
            })
        }
    }
}

/// What does not hold afterwards; an error, if the tenant refuses such a change.
async fn guarded(
    house: &House,
    before: TenantWorld,
    done: &Done,
) -> Result<Vec<GuardFinding>, PolicyRefusal> {
    let setting = before.organization.policy_change_guard();
    if setting == PolicyChangeGuard::Off {
        return Ok(Vec::new());
    }
    let own = before.organization.id;
    let mut others = house.store.list_tenants().await?;
    others.retain(|organization| organization.id != own);
    let after = TenantWorld {
        conditional_access_policies: Some(done.policies.clone()),
        ..before.clone()
    };
    let change = GuardedChange {
        before,
        after,
        others,
    };
    let findings = match house.guard.examine(change).await {
        Ok(findings) => findings,
        Err(GuardError::Invariant(why)) => vec![GuardFinding {
            cause: Cause::Change,
            document: json!({ "kind": "unusableInvariant", "text": why }),
            lines: vec![why],
        }],
        Err(GuardError::Busy) => {
            return Err(PolicyRefusal::Graph(GraphError {
                status: 503,
                code: "ServiceUnavailable",
                message: "too many changes are being looked at, try again in a moment".to_owned(),
            }));
        }
        Err(GuardError::Fault(why)) => {
            tracing::error!(tenant = %own, why, "a change of a policy could not be looked at, and was not made");
            return Err(PolicyRefusal::Graph(GraphError {
                status: 500,
                code: "InternalServerError",
                message: "the change could not be looked at, and was not made".to_owned(),
            }));
        }
    };
    let is_broken = findings.iter().any(|one| one.cause == Cause::Change);
    match setting {
        PolicyChangeGuard::Refuse if is_broken => Err(PolicyRefusal::Guarded(findings)),
        PolicyChangeGuard::Refuse | PolicyChangeGuard::Warn | PolicyChangeGuard::Off => {
            Ok(findings)
        }
    }
}
