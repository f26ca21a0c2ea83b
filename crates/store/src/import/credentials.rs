//! Passwords, authenticators and client secrets of an import. They arrive ready for rest and are only ever set.

use std::collections::BTreeSet;

use portcullis_model::credential::{ClientSecret, PasswordCredential, TotpCredential};
use portcullis_model::id::{ClientId, UserId};
use portcullis_model::store::{ImportCounts, StoreError};

use super::Reconciler;
use crate::engine::Connection;
use crate::row::Row;
use crate::sql::{credential, directory};
use crate::statement::statement;

impl<C: Connection> Reconciler<'_, C> {
    pub(super) async fn set_credentials(&mut self) -> Result<(), StoreError> {
        let credentials = &self.world.credentials;
        let mut counts = ImportCounts::default();
        for password in &credentials.passwords {
            self.set_password(password, &mut counts).await?;
        }
        self.note_if_any("passwords", counts);
        let mut counts = ImportCounts::default();
        for totp in &credentials.totp {
            self.set_totp(totp, &mut counts).await?;
        }
        self.note_if_any("softwareOathMethods", counts);
        let counts = self.set_client_secrets(&credentials.client_secrets).await?;
        self.note_if_any("clientSecrets", counts);
        Ok(())
    }

    fn note_if_any(&mut self, kind: &str, counts: ImportCounts) {
        if counts != ImportCounts::default() {
            self.note(kind, counts);
        }
    }

    async fn check_user(&mut self, user: UserId, what: &str) -> Result<(), StoreError> {
        let found = statement!(directory::FIND_USER, self.tenant, user);
        let found = self.list(found, "directory_user", |_| Ok(())).await?;
        if found.is_empty() {
            return Err(self.contradiction(format!("{what} is given for `{user}`, who is no user")));
        }
        Ok(())
    }

    async fn set_password(
        &mut self,
        password: &PasswordCredential,
        counts: &mut ImportCounts,
    ) -> Result<(), StoreError> {
        let user = password.user;
        self.check_user(user, "a password").await?;
        let found = statement!(credential::FIND_PASSWORD, self.tenant, user);
        let found = self.list(found, "password", Row::password).await?.pop();
        let is_another = found
            .as_ref()
            .is_some_and(|stored| stored.hash != password.hash);
        let count = match found {
            None => &mut counts.added,
            Some(_) if is_another => &mut counts.changed,
            Some(_) => &mut counts.unchanged,
        };
        *count += 1;
        if is_another {
            // What the old one opened ends with it (requirement C08).
            self.end_sessions(user).await?;
        }
        let (hash, changed_at) = (&password.hash, password.changed_at);
        let set = credential::SET_PASSWORD;
        self.run(statement!(set, self.tenant, user, hash, changed_at))
            .await?;
        Ok(())
    }

    async fn set_totp(
        &mut self,
        totp: &TotpCredential,
        counts: &mut ImportCounts,
    ) -> Result<(), StoreError> {
        self.check_user(totp.user, "an authenticator").await?;
        let known = statement!(credential::LIST_TOTP, self.tenant, totp.user);
        let known = self.list(known, "totp", Row::totp).await?;
        let stored = known.iter().find(|stored| stored.id == totp.id);
        let is_another = stored.is_some_and(|stored| stored.seed != totp.seed);
        let count = match stored {
            None => &mut counts.added,
            Some(_) if is_another => &mut counts.changed,
            Some(_) => &mut counts.unchanged,
        };
        *count += 1;
        if is_another {
            self.end_sessions(totp.user).await?;
        }
        let set = statement!(
            credential::SET_TOTP,
            self.tenant,
            totp.id,
            totp.user,
            &totp.seed,
            totp.last_step,
            totp.created_at
        );
        if self.run(set).await? == 0 {
            let id = totp.id;
            return Err(self.contradiction(format!("authenticator `{id}` belongs to another user")));
        }
        Ok(())
    }

    /// The secrets of the clients that are named replace all they had.
    async fn set_client_secrets(
        &mut self,
        secrets: &[ClientSecret],
    ) -> Result<ImportCounts, StoreError> {
        let mut counts = ImportCounts::default();
        let clients: BTreeSet<ClientId> = secrets.iter().map(|secret| secret.client).collect();
        let owned = self.owned_clients().await?;
        for client in clients {
            if !owned.contains(&client) {
                return Err(self.contradiction(format!(
                    "a secret is given for `{client}`, which is no application of this tenant"
                )));
            }
            let listed = statement!(credential::LIST_CLIENT_SECRETS, self.tenant, client);
            let stored = self
                .list(listed, "client_secret", Row::client_secret)
                .await?;
            let wanted: Vec<&ClientSecret> = secrets
                .iter()
                .filter(|secret| secret.client == client)
                .collect();
            let kept = stored.iter().filter(|one| wanted.contains(one)).count();
            counts.unchanged += kept;
            counts.removed += stored.len() - kept;
            counts.added += wanted.len() - kept;
            let removed = credential::REMOVE_CLIENT_SECRETS;
            self.run(statement!(removed, self.tenant, client)).await?;
            for secret in wanted {
                let (hash, hint, expires_at) = (secret.hash, &secret.hint, secret.expires_at);
                let added = credential::ADD_CLIENT_SECRET;
                self.run(statement!(
                    added,
                    self.tenant,
                    client,
                    hash,
                    hint,
                    expires_at
                ))
                .await?;
            }
        }
        Ok(counts)
    }
}
