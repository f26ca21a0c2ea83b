//! What looks at a change of policies before it is made: whether it breaks what must hold, or locks every administrator out.

use async_trait::async_trait;
use portcullis_model::organization::Organization;
use portcullis_model::store::TenantWorld;
use serde_json::Value;

/// A change of one tenant.
#[derive(Debug, Clone)]
pub struct GuardedChange {
    /// The tenant as it is.
    pub before: TenantWorld,
    /// The tenant as it would be.
    pub after: TenantWorld,
    /// The other organisations of the installation: invariants may name them. Nothing else of them is looked at.
    pub others: Vec<Organization>,
}

/// Something that does not hold after a change.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardFinding {
    /// Whether the change is why.
    pub cause: Cause,
    /// What it is and a sign-in that shows it, in lines; the first is the sentence.
    pub lines: Vec<String>,
    /// The same for machines.
    pub document: Value,
}

/// Why something does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The change breaks it.
    Change,
    /// It was so before, and is no worse.
    Before,
}

/// A change could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Too many changes wait.
    #[error("too many changes are being looked at")]
    Busy,
    /// An invariant of the tenant's cannot be asked, for instance because it names what the change takes away.
    #[error("{0}")]
    Invariant(String),
    /// A fault of ours.
    #[error("the change could not be looked at: {0}")]
    Fault(String),
}

/// Looks at changes, a bounded number at a time.
#[async_trait]
pub trait ChangeGuard: Send + Sync {
    /// Everything that does not hold after the change.
    async fn examine(&self, change: GuardedChange) -> Result<Vec<GuardFinding>, GuardError>;
}
