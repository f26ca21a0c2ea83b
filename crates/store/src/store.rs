//! The installation's store: reads over all tenants, the queue to the writer, import and export.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::organization::Organization;
use portcullis_model::secret::SealPurpose;
use portcullis_model::store::{
    CommitError, ImportSummary, SealedRecord, Store, StoreError, TenantStore, TenantWorld,
};
use tokio::sync::{mpsc, oneshot};

use crate::change::Step;
use crate::engine::{Engine, EngineError};
use crate::export;
use crate::query::{About, find, list};
use crate::sql::{directory, installation};
use crate::statement::statement;
use crate::tenant::TenantHandle;
use crate::writer::{self, Commit, Import, Job, failed};

/// A store on one engine. Clones share it.
#[derive(Debug)]
pub struct SqlStore<E: Engine> {
    shared: Arc<Shared<E>>,
}

impl<E: Engine> Clone for SqlStore<E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

/// What all handles of a store share.
#[derive(Debug)]
pub(crate) struct Shared<E> {
    pub(crate) engine: Arc<E>,
    queue: mpsc::Sender<Job>,
}

impl<E: Engine> SqlStore<E> {
    pub(crate) async fn start(engine: E, queue_length_max: usize) -> Result<Self, EngineError> {
        let engine = Arc::new(engine);
        let queue = writer::start(Arc::clone(&engine), queue_length_max).await?;
        Ok(Self {
            shared: Arc::new(Shared { engine, queue }),
        })
    }

    #[cfg(test)]
    pub(crate) fn engine(&self) -> &E {
        &self.shared.engine
    }

    /// Works off what has queued, then closes the database. Whoever asks for more is told that the store failed.
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.shared.queue.send(Job::Stop { answer }).await.is_ok() {
            // An error says that the writer is gone, which is what we wait for.
            let _ = answered.await;
        }
        self.shared.engine.close().await;
    }
}

impl<E: Engine> Shared<E> {
    /// Queues one caller's changes and waits until they are durable.
    pub(crate) async fn commit(&self, steps: Vec<Step>) -> Result<(), CommitError> {
        if steps.is_empty() {
            return Ok(());
        }
        let (answer, answered) = oneshot::channel();
        self.ask(Job::Commit(Commit { steps, answer }), answered)
            .await?
    }

    /// Queues a job and waits for its answer.
    async fn ask<T>(&self, job: Job, answered: oneshot::Receiver<T>) -> Result<T, StoreError> {
        self.queue
            .send(job)
            .await
            .map_err(|_| failed("queues a change", EngineError::PoolClosed))?;
        answered
            .await
            .map_err(|_| failed("waits for the writer", EngineError::WorkerCrashed))
    }
}

#[async_trait]
impl<E: Engine> Store for SqlStore<E> {
    fn tenant(&self, tenant: TenantId) -> Box<dyn TenantStore> {
        Box::new(TenantHandle::new(tenant, Arc::clone(&self.shared)))
    }

    async fn has_tenant(&self, tenant: TenantId) -> Result<bool, StoreError> {
        let statement = statement!(directory::FIND_CONFIGURATION_VERSION, tenant);
        let about = About {
            doing: "looks for a tenant",
            table: "tenant",
        };
        let version = find(&*self.shared.engine, statement, about, |row| {
            row.integer("configuration_version")
        });
        Ok(version.await?.is_some())
    }

    async fn find_tenant_by_domain(&self, domain: &str) -> Result<Option<TenantId>, StoreError> {
        let statement = statement!(installation::FIND_TENANT_BY_DOMAIN, domain);
        let about = About {
            doing: "looks for a domain",
            table: "verified_domain",
        };
        find(&*self.shared.engine, statement, about, |row| {
            row.id("tenant_id")
        })
        .await
    }

    async fn find_application_owner(
        &self,
        client: ClientId,
    ) -> Result<Option<TenantId>, StoreError> {
        let statement = statement!(installation::FIND_APPLICATION_OWNER, client);
        let about = About {
            doing: "looks for an application's owner",
            table: "application_owner",
        };
        find(&*self.shared.engine, statement, about, |row| {
            row.id("tenant_id")
        })
        .await
    }

    async fn list_tenants(&self) -> Result<Vec<Organization>, StoreError> {
        let about = About {
            doing: "lists the tenants",
            table: "tenant",
        };
        let statement = statement!(installation::LIST_TENANTS);
        list(&*self.shared.engine, statement, about, |row| {
            row.document("organization")
        })
        .await
    }

    async fn import(
        &self,
        world: &[TenantWorld],
        now: Timestamp,
        dry_run: bool,
    ) -> Result<Vec<ImportSummary>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Import(Import {
            world: world.to_vec(),
            now,
            dry_run,
            answer,
        });
        self.shared.ask(job, answered).await?
    }

    async fn export(&self) -> Result<Vec<TenantWorld>, StoreError> {
        export::export(&*self.shared.engine).await
    }

    async fn find_oldest_sealed(&self) -> Result<Option<SealedRecord>, StoreError> {
        let about = About {
            doing: "looks for a sealed secret",
            table: "signing_key",
        };
        let statement = statement!(installation::FIND_OLDEST_SEALED);
        find(&*self.shared.engine, statement, about, |row| {
            let purpose = match row.text("purpose")?.as_str() {
                "signing-key" => SealPurpose::SigningKey,
                _ => SealPurpose::TotpSeed,
            };
            Ok(SealedRecord {
                tenant: row.id("tenant_id")?,
                purpose,
                sealed: row.sealed("sealed")?,
            })
        })
        .await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let ping = statement!(installation::PING);
        let pinged = self.shared.engine.read(&ping).await;
        pinged
            .map(|_| ())
            .map_err(|cause| failed("answers a ping", cause))
    }

    async fn purge_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.shared
            .ask(Job::Purge { now, answer }, answered)
            .await?
    }
}
