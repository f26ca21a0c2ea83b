//! Users, groups and roles of an import.

use std::collections::BTreeSet;

use portcullis_model::group::Group;
use portcullis_model::id::{Id, UserId};
use portcullis_model::store::{ImportCounts, StoreError};
use portcullis_model::user::{CanonicalName, HomeAccount, User};
use serde::Deserialize;
use uuid::Uuid;

use super::Reconciler;
use super::difference::{Difference, Wanted};
use crate::engine::Connection;
use crate::sql::{artefact, import, session};
use crate::statement::statement;

impl<C: Connection> Reconciler<'_, C> {
    /// Users: all that change let go of their names and home accounts before any of them claims new ones.
    pub(super) async fn reconcile_users(&mut self) -> Result<(), StoreError> {
        let Some(users) = &self.world.users else {
            return Ok(());
        };
        let listed = statement!(import::LIST_USERS, self.tenant);
        let stored = self.stored(listed, "directory_user", "user_id").await?;
        let wanted = Wanted::list(users, "directory_user", |user| user.id.uuid())?;
        let difference = Difference::between(stored, wanted)
            .map_err(|id| self.contradiction(format!("user `{id}` is there twice")))?;
        for id in &difference.removed {
            self.remove_user(Id::new(*id)).await?;
        }
        for (user, stored) in &difference.changed {
            self.release_user(user, stored).await?;
        }
        for user in &difference.added {
            self.claim_id(user.id, "users").await?;
            let added = statement!(import::ADD_USER, self.tenant, user.id, &user.document);
            self.run(added).await?;
        }
        let changed = difference.changed.iter().map(|(user, _)| user);
        for user in difference.added.iter().chain(changed) {
            self.claim_names(user.object).await?;
        }
        self.note("users", difference.counts);
        Ok(())
    }

    /// A user goes with everything that was theirs: names, credentials, consent, sessions, grants.
    async fn remove_user(&mut self, user: UserId) -> Result<(), StoreError> {
        self.end_sessions(user).await?;
        let consents = statement!(session::REMOVE_CONSENTS_OF_USER, self.tenant, user);
        self.run(consents).await?;
        self.run(statement!(import::REMOVE_USER, self.tenant, user))
            .await?;
        Ok(())
    }

    async fn release_user(
        &mut self,
        user: &Wanted<'_, User>,
        stored: &str,
    ) -> Result<(), StoreError> {
        let (id, document) = (user.object.id, &user.document);
        // An object that now stands for somebody else must not leave them the sessions of the one before.
        if home_account_of(stored) != user.object.home_account {
            self.end_sessions(id).await?;
        }
        self.run(statement!(import::RELEASE_USER, self.tenant, id, document))
            .await?;
        self.run(statement!(import::RELEASE_USER_NAMES, self.tenant, id))
            .await?;
        Ok(())
    }

    pub(super) async fn end_sessions(&mut self, user: UserId) -> Result<(), StoreError> {
        let grants = statement!(artefact::REVOKE_GRANTS_OF_USER, self.tenant, user);
        self.run(grants).await?;
        let sessions = statement!(session::END_SESSIONS_OF_USER, self.tenant, user);
        self.run(sessions).await?;
        Ok(())
    }

    async fn claim_names(&mut self, user: &User) -> Result<(), StoreError> {
        let id = user.id;
        let Some(principal) = CanonicalName::parse(&user.user_principal_name) else {
            return Err(self.contradiction(format!(
                "user `{id}` has a userPrincipalName that is empty, longer than {} bytes, or holds control characters",
                CanonicalName::LENGTH_BYTES_MAX
            )));
        };
        let name = principal.as_str();
        let claimed = statement!(import::CLAIM_USER_NAME, self.tenant, name, id, true);
        if self.run(claimed).await? == 0 {
            return Err(
                self.contradiction(format!("two users have the userPrincipalName `{name}`"))
            );
        }
        for name in user.names().filter(|name| *name != principal) {
            let name = name.as_str();
            let claimed = statement!(import::CLAIM_USER_NAME, self.tenant, name, id, false);
            self.run(claimed).await?;
        }
        if let Some(home) = user.home_account {
            let (tenant, account) = (home.tenant_id, home.user_id);
            let claimed = statement!(import::CLAIM_HOME_ACCOUNT, self.tenant, id, tenant, account);
            if self.run(claimed).await? == 0 {
                return Err(self.contradiction(format!(
                    "two users stand for the account `{account}` of tenant `{tenant}`"
                )));
            }
        }
        Ok(())
    }

    /// Groups, and their members as edges.
    pub(super) async fn reconcile_groups(&mut self) -> Result<(), StoreError> {
        let Some(groups) = &self.world.groups else {
            return Ok(());
        };
        let listed = statement!(import::LIST_GROUPS, self.tenant);
        let stored = self.stored(listed, "directory_group", "group_id").await?;
        let wanted = Wanted::list(groups, "directory_group", |group| group.id.uuid())?;
        let difference = Difference::between(stored, wanted)
            .map_err(|id| self.contradiction(format!("group `{id}` is there twice")))?;
        for id in &difference.removed {
            self.run(statement!(import::REMOVE_GROUP, self.tenant, *id))
                .await?;
        }
        for group in &difference.added {
            self.claim_id(group.id, "groups").await?;
        }
        let changed = difference.changed.iter().map(|(group, _)| group);
        for group in difference.added.iter().chain(changed) {
            self.set_group(group).await?;
        }
        self.note("groups", difference.counts);
        Ok(())
    }

    async fn set_group(&mut self, group: &Wanted<'_, Group>) -> Result<(), StoreError> {
        let (id, document) = (group.id, &group.document);
        self.run(statement!(import::SET_GROUP, self.tenant, id, document))
            .await?;
        self.run(statement!(import::REMOVE_GROUP_MEMBERS, self.tenant, id))
            .await?;
        for member in &group.object.members {
            self.run(statement!(
                import::ADD_GROUP_MEMBER,
                self.tenant,
                id,
                *member
            ))
            .await?;
        }
        Ok(())
    }

    /// Role assignments: they have no id, they are what they say.
    pub(super) async fn reconcile_role_assignments(&mut self) -> Result<(), StoreError> {
        let Some(assignments) = &self.world.role_assignments else {
            return Ok(());
        };
        let wanted: BTreeSet<(Uuid, Uuid)> = assignments
            .iter()
            .map(|one| (one.principal_id, one.role_definition_id.uuid()))
            .collect();
        let listed = statement!(crate::sql::directory::LIST_ROLE_ASSIGNMENTS, self.tenant);
        let stored: BTreeSet<(Uuid, Uuid)> = self
            .list(listed, "role_assignment", |row| {
                Ok((row.uuid("principal_id")?, row.uuid("role_id")?))
            })
            .await?
            .into_iter()
            .collect();
        let mut counts = ImportCounts {
            unchanged: wanted.intersection(&stored).count(),
            ..ImportCounts::default()
        };
        for (principal, role) in stored.difference(&wanted) {
            let statement = import::REMOVE_ROLE_ASSIGNMENT;
            self.run(statement!(statement, self.tenant, *principal, *role))
                .await?;
            counts.removed += 1;
        }
        for (principal, role) in wanted.difference(&stored) {
            let statement = import::ADD_ROLE_ASSIGNMENT;
            self.run(statement!(statement, self.tenant, *principal, *role))
                .await?;
            counts.added += 1;
        }
        self.note("roleAssignments", counts);
        Ok(())
    }
}

/// The home account in a stored user's document; a document that cannot be read stands for nobody.
fn home_account_of(document: &str) -> Option<HomeAccount> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Stored {
        home_account: Option<HomeAccount>,
    }
    serde_json::from_str::<Stored>(document)
        .ok()
        .and_then(|stored| stored.home_account)
}
