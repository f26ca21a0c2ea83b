//! Applications, service principals, policies, what policies refer to, and cross-tenant settings of an import.

use std::collections::BTreeSet;

use portcullis_model::document::Document;
use portcullis_model::id::ClientId;
use portcullis_model::store::{ImportCounts, StoreError};
use uuid::Uuid;

use super::Reconciler;
use super::difference::{Difference, Wanted};
use crate::configuration::ObjectKind;
use crate::engine::Connection;
use crate::row::json;
use crate::sql::{import, installation};
use crate::statement::statement;

const TABLE: &str = "configuration_object";

impl<C: Connection> Reconciler<'_, C> {
    /// Everything but the organisation itself; answers whether anything changed.
    pub(super) async fn reconcile_configuration(&mut self) -> Result<bool, StoreError> {
        let mut is_changed = false;
        if let Some(applications) = &self.world.applications {
            self.check_client_ids(
                ObjectKind::Application,
                applications.iter().map(|one| one.app_id),
            )?;
            let wanted = Wanted::list(applications, TABLE, |one| one.id.uuid())?;
            is_changed |= self
                .reconcile_objects(ObjectKind::Application, wanted)
                .await?;
            self.claim_clients(applications.iter().map(|one| one.app_id).collect())
                .await?;
        }
        if let Some(principals) = &self.world.service_principals {
            self.check_client_ids(
                ObjectKind::ServicePrincipal,
                principals.iter().map(|one| one.app_id),
            )?;
            let wanted = Wanted::list(principals, TABLE, |one| one.id.uuid())?;
            is_changed |= self
                .reconcile_objects(ObjectKind::ServicePrincipal, wanted)
                .await?;
        }
        is_changed |= self.reconcile_documents().await?;
        is_changed |= self.reconcile_cross_tenant_access_policy().await?;
        Ok(is_changed)
    }

    /// What is kept as the document it came as.
    async fn reconcile_documents(&mut self) -> Result<bool, StoreError> {
        let world = self.world;
        let mut is_changed = false;
        if let Some(policies) = &world.conditional_access_policies {
            let wanted = documents(policies, |one| (one.id.uuid(), &one.document))?;
            let kind = ObjectKind::ConditionalAccessPolicy;
            is_changed |= self.reconcile_objects(kind, wanted).await?;
        }
        if let Some(locations) = &world.named_locations {
            let wanted = documents(locations, |one| (one.id.uuid(), &one.document))?;
            let kind = ObjectKind::NamedLocation;
            is_changed |= self.reconcile_objects(kind, wanted).await?;
        }
        if let Some(strengths) = &world.authentication_strengths {
            let wanted = documents(strengths, |one| (one.id.uuid(), &one.document))?;
            let kind = ObjectKind::AuthenticationStrength;
            is_changed |= self.reconcile_objects(kind, wanted).await?;
        }
        if let Some(contexts) = &world.authentication_contexts {
            // Their ids are no GUIDs; a number is one where a kind has ids of its own.
            let id = |number: u8| Uuid::from_u128(number.into());
            let wanted = documents(contexts, |one| (id(one.id.number()), &one.document))?;
            let kind = ObjectKind::AuthenticationContext;
            is_changed |= self.reconcile_objects(kind, wanted).await?;
        }
        if let Some(agreements) = &world.agreements {
            let wanted = documents(agreements, |one| (one.id.uuid(), &one.document))?;
            let kind = ObjectKind::Agreement;
            is_changed |= self.reconcile_objects(kind, wanted).await?;
        }
        if let Some(invariants) = &world.invariants {
            // One document without an id of its own; an empty one is none.
            let declared = std::slice::from_ref(invariants);
            let declared = if invariants.is_empty() { &[] } else { declared };
            let wanted = documents(declared, |one| (Uuid::nil(), &one.document))?;
            let kind = ObjectKind::Invariants;
            is_changed |= self.reconcile_objects(kind, wanted).await?;
        }
        Ok(is_changed)
    }

    /// Objects of one kind; answers whether anything changed.
    async fn reconcile_objects<T>(
        &mut self,
        kind: ObjectKind,
        wanted: Vec<Wanted<'_, T>>,
    ) -> Result<bool, StoreError>
    where
        T: Sync,
    {
        let name = kind.name();
        let listed = statement!(import::LIST_OBJECTS, self.tenant, name);
        let stored = self.stored(listed, TABLE, "object_id").await?;
        let difference = Difference::between(stored, wanted)
            .map_err(|id| self.contradiction(format!("`{id}` is there twice in `{name}`")))?;
        for id in &difference.removed {
            self.run(statement!(import::REMOVE_OBJECT, self.tenant, name, *id))
                .await?;
        }
        for object in &difference.added {
            match kind {
                ObjectKind::Application | ObjectKind::ServicePrincipal => {
                    self.claim_id(object.id, name).await?;
                }
                // These are handed around as files, ids and all: several tenants may have the same.
                ObjectKind::ConditionalAccessPolicy
                | ObjectKind::NamedLocation
                | ObjectKind::AuthenticationStrength
                | ObjectKind::AuthenticationContext
                | ObjectKind::Agreement
                | ObjectKind::Invariants => {}
            }
        }
        let changed = difference.changed.iter().map(|(object, _)| object);
        for object in difference.added.iter().chain(changed) {
            let (id, document) = (object.id, &object.document);
            self.run(statement!(
                import::SET_OBJECT,
                self.tenant,
                name,
                id,
                document
            ))
            .await?;
        }
        self.note(name, difference.counts);
        Ok(!difference.is_empty())
    }

    fn check_client_ids(
        &self,
        kind: ObjectKind,
        clients: impl Iterator<Item = ClientId>,
    ) -> Result<(), StoreError> {
        let mut seen = BTreeSet::new();
        for client in clients {
            if !seen.insert(client) {
                let name = kind.name();
                return Err(
                    self.contradiction(format!("appId `{client}` is there twice in `{name}`"))
                );
            }
        }
        Ok(())
    }

    async fn claim_clients(&mut self, clients: BTreeSet<ClientId>) -> Result<(), StoreError> {
        let owned = self.owned_clients().await?;
        for client in clients.difference(&owned) {
            let claimed = statement!(import::CLAIM_CLIENT, self.tenant, *client);
            if self.run(claimed).await? == 1 {
                continue;
            }
            let holder = statement!(installation::FIND_APPLICATION_OWNER, *client);
            let holder = self
                .list(holder, "application_owner", |row| row.uuid("tenant_id"))
                .await?
                .pop();
            let holder = holder.unwrap_or_default();
            return Err(self.contradiction(format!(
                "appId `{client}` is already registered in tenant `{holder}`"
            )));
        }
        Ok(())
    }

    async fn reconcile_cross_tenant_access_policy(&mut self) -> Result<bool, StoreError> {
        let Some(policy) = &self.world.cross_tenant_access_policy else {
            return Ok(false);
        };
        let document = json(policy, "tenant")?;
        let column = "cross_tenant_access_policy";
        let mut counts = ImportCounts::default();
        if self.has_same_in_tenant(column, &document).await? {
            counts.unchanged = 1;
        } else {
            // What a new tenant has is nobody's policy yet.
            if self.has_same_in_tenant(column, "{}").await? {
                counts.added = 1;
            } else {
                counts.changed = 1;
            }
            let statement = import::SET_CROSS_TENANT_ACCESS_POLICY;
            self.run(statement!(statement, self.tenant, document))
                .await?;
        }
        let is_changed = counts.unchanged == 0;
        self.note("crossTenantAccessPolicy", counts);
        Ok(is_changed)
    }
}

/// The objects of a world with the documents they came as.
fn documents<'w, T>(
    objects: &'w [T],
    parts: impl Fn(&'w T) -> (Uuid, &'w Document),
) -> Result<Vec<Wanted<'w, T>>, StoreError> {
    objects
        .iter()
        .map(|object| {
            let (id, document) = parts(object);
            Ok(Wanted {
                id,
                object,
                document: json(document, TABLE)?,
            })
        })
        .collect()
}
