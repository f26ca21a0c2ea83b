//! The guard of changes, off the threads that answer requests: a few at a time, and few that wait.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_analysis::guard::{self, Standing, Version};
use portcullis_analysis::told::Names;
use portcullis_model::store::TenantWorld;
use portcullis_signin::change_guard::{
    Cause, ChangeGuard, GuardError, GuardFinding, GuardedChange,
};
use portcullis_whatif::directory::{Directory, DirectoryTenant};
use tokio::sync::Semaphore;

/// Of each invariant so many classes are told.
const CLASSES_MAX: usize = 3;

/// Looks at changes on threads that may block.
pub struct ChangeGuarding {
    /// Changes that are looked at now.
    working: Arc<Semaphore>,
    /// Those, and the ones that wait.
    admitted: Arc<Semaphore>,
}

impl ChangeGuarding {
    /// So many at a time, and so many more that wait.
    pub fn new(workers: usize, waiting_max: usize) -> Self {
        let workers = workers.max(1);
        Self {
            working: Arc::new(Semaphore::new(workers)),
            admitted: Arc::new(Semaphore::new(workers.saturating_add(waiting_max))),
        }
    }
}

#[async_trait]
impl ChangeGuard for ChangeGuarding {
    async fn examine(&self, change: GuardedChange) -> Result<Vec<GuardFinding>, GuardError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned();
        let admitted = admitted.map_err(|_| GuardError::Busy)?;
        let working = Arc::clone(&self.working).acquire_owned().await;
        let working = working.map_err(|closed| GuardError::Fault(closed.to_string()))?;
        let examined = tokio::task::spawn_blocking(move || {
            let found = look(&change);
            // Given back here: work whose caller has gone away still takes its place until it is done.
            drop((working, admitted));
            found
        });
        let failed = |error: tokio::task::JoinError| GuardError::Fault(error.to_string());
        examined.await.map_err(failed)?
    }
}

fn look(change: &GuardedChange) -> Result<Vec<GuardFinding>, GuardError> {
    let tenant = |world: &TenantWorld| DirectoryTenant::of_world(world.clone());
    let (before, after) = (tenant(&change.before), tenant(&change.after));
    // Nothing of another tenant is looked at but its name: a guest's home is supposed to let them out.
    let others = change.others.iter().map(|organization| {
        DirectoryTenant::of_world(TenantWorld::of_organization(organization.clone()))
    });
    let named = Directory::new(others.chain([after.clone()]));
    let invariants = guard::declared(Version {
        directory: &named,
        tenant: &after,
    });
    let invariants = invariants.map_err(|error| GuardError::Invariant(error.to_string()))?;
    let (stored, alone) = (
        Directory::new([before.clone()]),
        Directory::new([after.clone()]),
    );
    let before = Version {
        directory: &stored,
        tenant: &before,
    };
    let version = Version {
        directory: &alone,
        tenant: &after,
    };
    let examined = guard::examine(Some(before), version, &invariants, CLASSES_MAX);
    let examined = examined.map_err(|error| GuardError::Fault(error.to_string()))?;
    let words = Names::new(&after).with(&named);
    let findings = examined.breaches.iter().map(|breach| GuardFinding {
        cause: match breach.standing {
            Standing::Breaks => Cause::Change,
            Standing::BrokenBefore => Cause::Before,
        },
        lines: breach.told(&words),
        document: breach.json(&words),
    });
    Ok(findings.collect())
}
