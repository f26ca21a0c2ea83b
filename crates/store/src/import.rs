//! Makes tenants equal to a world, inside one transaction of the writer.
//!
//! What is unique (domains, client ids, user names, home accounts) is first let go of by whoever loses it, over all
//! tenants, and only then claimed: so two tenants may swap a domain in one import, and a claim that still fails is
//! a true contradiction.

mod configuration;
mod credentials;
mod difference;
mod directory;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::store::{ImportCounts, ImportSummary, StoreError, TenantWorld};
use uuid::Uuid;

use crate::engine::{Columns, Connection};
use crate::query::{About, list_on};
use crate::row::{Row, json};
use crate::sql::{self, import, installation};
use crate::statement::{Statement, statement};
use crate::writer::failed;

/// Makes the tenants named in `world` equal to it; the caller commits or rolls back.
pub(crate) async fn reconcile<C: Connection>(
    connection: &mut C,
    world: &[TenantWorld],
    now: Timestamp,
) -> Result<Vec<ImportSummary>, StoreError> {
    let mut seen = BTreeSet::new();
    for tenant in world {
        let id = tenant.organization.id;
        if id == TenantId::UNDISCOVERED {
            return Err(contradiction(format!("`{id}` is not a tenant's id")));
        }
        if !seen.insert(id) {
            return Err(contradiction(format!("tenant `{id}` is there twice")));
        }
    }
    for tenant in world {
        Reconciler::new(connection, tenant, now).release().await?;
    }
    let mut summaries = Vec::with_capacity(world.len());
    for tenant in world {
        summaries.push(Reconciler::new(connection, tenant, now).claim().await?);
    }
    Ok(summaries)
}

/// Makes one tenant equal to its part of the world.
struct Reconciler<'w, C> {
    connection: &'w mut C,
    world: &'w TenantWorld,
    tenant: TenantId,
    now: Timestamp,
    kinds: BTreeMap<String, ImportCounts>,
}

impl<'w, C: Connection> Reconciler<'w, C> {
    fn new(connection: &'w mut C, world: &'w TenantWorld, now: Timestamp) -> Self {
        Self {
            connection,
            world,
            tenant: world.organization.id,
            now,
            kinds: BTreeMap::new(),
        }
    }

    /// Lets go of domains and client ids that the tenant no longer has.
    async fn release(&mut self) -> Result<(), StoreError> {
        let domains = self.wanted_domains();
        for domain in self.domains().await? {
            if !domains.contains(&domain) {
                let statement = statement!(import::RELEASE_DOMAIN, self.tenant, domain);
                self.run(statement).await?;
            }
        }
        let Some(applications) = &self.world.applications else {
            return Ok(());
        };
        let clients: BTreeSet<ClientId> = applications.iter().map(|one| one.app_id).collect();
        for client in self.owned_clients().await? {
            if !clients.contains(&client) {
                self.run(statement!(import::RELEASE_CLIENT, self.tenant, client))
                    .await?;
                let secrets = sql::credential::REMOVE_CLIENT_SECRETS;
                self.run(statement!(secrets, self.tenant, client)).await?;
            }
        }
        Ok(())
    }

    /// Adds, changes and removes; answers what it did.
    async fn claim(mut self) -> Result<ImportSummary, StoreError> {
        let mut is_configuration_changed = self.reconcile_organization().await?;
        self.reconcile_users().await?;
        self.reconcile_groups().await?;
        self.reconcile_role_assignments().await?;
        is_configuration_changed |= self.reconcile_configuration().await?;
        self.set_credentials().await?;
        if is_configuration_changed {
            let statement = statement!(import::RAISE_CONFIGURATION_VERSION, self.tenant, self.now);
            self.run(statement).await?;
        }
        Ok(ImportSummary {
            tenant: self.tenant,
            display_name: self.world.organization.display_name.clone(),
            kinds: self.kinds,
        })
    }

    async fn reconcile_organization(&mut self) -> Result<bool, StoreError> {
        let organization = &self.world.organization;
        let document = json(organization, "tenant")?;
        let added = statement!(import::ADD_TENANT, self.tenant, self.now, &document);
        let mut counts = ImportCounts::default();
        if self.run(added).await? == 1 {
            counts.added = 1;
        } else if self.has_same_in_tenant("organization", &document).await? {
            counts.unchanged = 1;
        } else {
            let statement = statement!(import::SET_ORGANIZATION, self.tenant, document);
            self.run(statement).await?;
            counts.changed = 1;
        }
        let known = self.domains().await?;
        for domain in self.wanted_domains() {
            if !known.contains(&domain) {
                self.claim_domain(&domain).await?;
            }
        }
        let is_changed = counts.unchanged == 0;
        self.note("organization", counts);
        Ok(is_changed)
    }

    async fn claim_domain(&mut self, domain: &str) -> Result<(), StoreError> {
        let claimed = statement!(import::CLAIM_DOMAIN, self.tenant, domain);
        if self.run(claimed).await? == 1 {
            return Ok(());
        }
        let holder = statement!(installation::FIND_TENANT_BY_DOMAIN, domain);
        let holder = self
            .list(holder, "verified_domain", |row| {
                row.id::<portcullis_model::id::TenantKind>("tenant_id")
            })
            .await?
            .pop();
        let holder = holder.map_or_else(|| "another tenant".into(), |id| format!("tenant `{id}`"));
        Err(self.contradiction(format!("domain `{domain}` belongs to {holder}")))
    }

    fn wanted_domains(&self) -> BTreeSet<String> {
        let domains = self.world.organization.verified_domains.iter();
        domains.map(|one| one.name.to_ascii_lowercase()).collect()
    }

    async fn domains(&mut self) -> Result<BTreeSet<String>, StoreError> {
        let statement = statement!(import::LIST_DOMAINS, self.tenant);
        let domains = self.list(statement, "verified_domain", |row| row.text("domain"));
        Ok(domains.await?.into_iter().collect())
    }

    async fn owned_clients(&mut self) -> Result<BTreeSet<ClientId>, StoreError> {
        let statement = statement!(import::LIST_OWNED_CLIENTS, self.tenant);
        let clients = self.list(statement, "application_owner", |row| row.id("client_id"));
        Ok(clients.await?.into_iter().collect())
    }

    /// Whether a document of the tenant's own row is what the world says.
    async fn has_same_in_tenant(
        &mut self,
        column: &'static str,
        document: &str,
    ) -> Result<bool, StoreError> {
        let statement = statement!(sql::directory::FIND_TENANT, self.tenant);
        let stored = self.list(statement, "tenant", |row| row.text(column));
        let stored = stored.await?.pop().unwrap_or_default();
        Ok(difference::is_same(&stored, document))
    }

    /// Takes an object id for ever. It may be taken again for the same kind in the same tenant: an object comes back.
    async fn claim_id(&mut self, id: Uuid, kind: &'static str) -> Result<(), StoreError> {
        let claimed = statement!(import::CLAIM_ID, self.tenant, id, kind);
        if self.run(claimed).await? == 1 {
            return Ok(());
        }
        let holder = statement!(import::FIND_CLAIM, id);
        let holder = self
            .list(holder, "claimed_id", |row| {
                Ok((
                    row.id::<portcullis_model::id::TenantKind>("tenant_id")?,
                    row.text("kind")?,
                ))
            })
            .await?
            .pop();
        match holder {
            Some((tenant, held_as)) if tenant == self.tenant && held_as == kind => Ok(()),
            Some((tenant, held_as)) => Err(self.contradiction(format!(
                "the id `{id}` cannot name one of `{kind}`: it names, or once named, one of `{held_as}` in tenant `{tenant}`"
            ))),
            None => Err(self.contradiction(format!("the id `{id}` cannot be claimed"))),
        }
    }

    fn note(&mut self, kind: &str, counts: ImportCounts) {
        self.kinds.insert(kind.to_owned(), counts);
    }

    fn contradiction(&self, what: impl std::fmt::Display) -> StoreError {
        let organization = &self.world.organization;
        let name = &organization.display_name;
        contradiction(format!(
            "{what} (importing tenant `{name}`, `{}`)",
            self.tenant
        ))
    }

    async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        self.connection
            .execute(&statement)
            .await
            .map_err(|cause| failed("imports a world", cause))
    }

    async fn list<T>(
        &mut self,
        statement: Statement,
        table: &'static str,
        parse: impl Fn(&Row<C::Row>) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        let about = About {
            doing: "compares a world with the store",
            table,
        };
        list_on(self.connection, statement, about, parse).await
    }

    /// The documents of a kind that the store has, by id.
    async fn stored(
        &mut self,
        statement: Statement,
        table: &'static str,
        id_column: &'static str,
    ) -> Result<BTreeMap<Uuid, String>, StoreError> {
        let rows = self.list(statement, table, |row| id_and_document(row, id_column));
        Ok(rows.await?.into_iter().collect())
    }
}

fn id_and_document<R: Columns>(
    row: &Row<R>,
    id_column: &str,
) -> Result<(Uuid, String), StoreError> {
    Ok((row.uuid(id_column)?, row.text("document")?))
}

fn contradiction(what: String) -> StoreError {
    StoreError::Contradiction { what }
}
