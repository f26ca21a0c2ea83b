//! Why a change of a policy is not made, in Graph's form.

use portcullis_model::document::Refusal;
use portcullis_model::store::StoreError;
use serde_json::{Value, json};

use crate::access_token::BearerRefusal;
use crate::change_guard::{Cause, GuardFinding};
use crate::sign_in_report::GraphError;

/// Our own number of a refusal by the guard.
pub const GUARD_RULE: &str = "CA-GUARD";

/// A change that is not made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PolicyRefusal {
    /// As Graph refuses.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// It would break what must hold.
    #[error("the change breaks what must hold")]
    Guarded(Vec<GuardFinding>),
}

impl PolicyRefusal {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Graph(error) => error.status,
            Self::Guarded(_) => 400,
        }
    }

    /// The JSON body.
    pub fn body(&self) -> Value {
        match self {
            Self::Graph(error) => error.body(),
            Self::Guarded(findings) => {
                let by_change = findings.iter().filter(|one| one.cause == Cause::Change);
                let told: Vec<String> = by_change.map(|one| one.lines.join("; ")).collect();
                let documents: Vec<&Value> = findings.iter().map(|one| &one.document).collect();
                json!({"error": {
                    "code": "BadRequest",
                    "message": format!("{GUARD_RULE}: {}", told.join(" | ")),
                    "portcullis": { "rule": GUARD_RULE, "findings": documents },
                }})
            }
        }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::Graph(GraphError {
            status: 400,
            code: "BadRequest",
            message: message.into(),
        })
    }

    pub(super) fn conflict() -> Self {
        Self::Graph(GraphError {
            status: 409,
            code: "Conflict",
            message: "the tenant's configuration was changed meanwhile, and nothing was written: read the policies and try again".to_owned(),
        })
    }
}

impl From<BearerRefusal> for PolicyRefusal {
    fn from(refusal: BearerRefusal) -> Self {
        Self::Graph(refusal.into())
    }
}

impl From<StoreError> for PolicyRefusal {
    fn from(error: StoreError) -> Self {
        BearerRefusal::from(error).into()
    }
}

impl From<Refusal> for PolicyRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::bad(refusal.to_string())
    }
}
