//! One tenant's handle: every statement it runs begins with its tenant's id, and it has no other.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_model::artefact::{
    AuthorizationCode, AuthorizationCodeState, RefreshToken, RefreshTokenState, Transaction,
};
use portcullis_model::credential::{
    ClientSecret, PasswordCredential, Throttle, ThrottleKey, TotpCredential,
};
use portcullis_model::group::Memberships;
use portcullis_model::id::{
    ClientId, GrantId, GroupId, RoleTemplateId, SessionId, TenantId, TransactionId, UserId,
};
use portcullis_model::secret::{SealedSecret, TokenHash};
use portcullis_model::session::{AuthenticationSession, SessionClient, SessionSubject};
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{
    Change, CommitError, SESSIONS_LISTED_MAX, SignInQuery, SigningKeyRecord, StoreError,
    TenantConfiguration, TenantStore, TenantWorld,
};
use portcullis_model::user::{CanonicalName, HomeAccount, User};

use crate::change;
use crate::configuration;
use crate::engine::{Columns, Engine};
use crate::export;
use crate::query::{About, find, list};
use crate::row::{Row, json};
use crate::sign_in_query;
use crate::sql::{artefact, credential, directory, key, session};
use crate::statement::{Statement, statement};
use crate::store::Shared;

/// The rows of one tenant.
pub(crate) struct TenantHandle<E> {
    tenant: TenantId,
    shared: Arc<Shared<E>>,
}

impl<E: Engine> TenantHandle<E> {
    pub(crate) fn new(tenant: TenantId, shared: Arc<Shared<E>>) -> Self {
        Self { tenant, shared }
    }

    async fn find<T>(
        &self,
        statement: Statement,
        about: (&'static str, &'static str),
        parse: impl Fn(&Row<E::Row>) -> Result<T, StoreError> + Send,
    ) -> Result<Option<T>, StoreError> {
        find(&*self.shared.engine, statement, About::from(about), parse).await
    }

    async fn list<T>(
        &self,
        statement: Statement,
        about: (&'static str, &'static str),
        parse: impl Fn(&Row<E::Row>) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        list(&*self.shared.engine, statement, About::from(about), parse).await
    }
}

#[async_trait]
impl<E: Engine> TenantStore for TenantHandle<E> {
    fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    async fn configuration(&self) -> Result<Option<TenantConfiguration>, StoreError> {
        configuration::read(&*self.shared.engine, self.tenant).await
    }

    async fn export(&self) -> Result<Option<(u64, TenantWorld)>, StoreError> {
        export::export_one(&*self.shared.engine, self.tenant).await
    }

    async fn configuration_version(&self) -> Result<Option<u64>, StoreError> {
        let statement = statement!(directory::FIND_CONFIGURATION_VERSION, self.tenant);
        self.find(statement, ("reads a version", "tenant"), |row| {
            row.count("configuration_version")
        })
        .await
    }

    async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        let statement = statement!(directory::FIND_USER, self.tenant, user);
        self.find(statement, ("reads a user", "directory_user"), Row::user)
            .await
    }

    async fn find_user_and_memberships(
        &self,
        user: UserId,
    ) -> Result<Option<(User, Memberships)>, StoreError> {
        let statement = statement!(directory::FIND_USER_AND_MEMBERSHIPS, self.tenant, user);
        let about = ("reads a user and memberships", "directory_user");
        let rows = self.list(statement, about, |row| {
            Ok(match row.optional_text("document")? {
                Some(_) => UserOrMembership::User(Box::new(row.user()?)),
                None => UserOrMembership::Membership(membership(row)?),
            })
        });
        let (mut user, mut memberships) = (None, Memberships::default());
        for row in rows.await? {
            match row {
                UserOrMembership::User(found) => user = Some(*found),
                UserOrMembership::Membership(one) => one.add_to(&mut memberships),
            }
        }
        Ok(user.map(|user| (user, memberships)))
    }

    async fn find_user_by_name(&self, name: &CanonicalName) -> Result<Option<User>, StoreError> {
        let statement = statement!(directory::FIND_USERS_BY_NAME, self.tenant, name.as_str());
        let about = ("looks for a user by name", "user_name");
        let users = self
            .list(statement, about, |row| {
                Ok((row.truth("is_principal")?, row.user()?))
            })
            .await?;
        let mut users = users.into_iter();
        Ok(match (users.next(), users.next()) {
            (Some((true, owner)), _) => Some(owner),
            (Some((false, only)), None) => Some(only),
            // An address that two users share names neither of them.
            (Some((false, _)), Some(_)) | (None, _) => None,
        })
    }

    async fn find_user_by_home_account(
        &self,
        home: HomeAccount,
    ) -> Result<Option<User>, StoreError> {
        let statement = statement!(
            directory::FIND_USER_BY_HOME_ACCOUNT,
            self.tenant,
            home.tenant_id,
            home.user_id
        );
        let about = ("looks for a guest", "directory_user");
        self.find(statement, about, Row::user).await
    }

    async fn memberships(&self, user: UserId) -> Result<Memberships, StoreError> {
        let statement = statement!(directory::MEMBERSHIPS, self.tenant, user);
        let about = ("follows memberships", "group_member");
        let mut memberships = Memberships::default();
        for one in self.list(statement, about, membership).await? {
            one.add_to(&mut memberships);
        }
        Ok(memberships)
    }

    async fn find_password(&self, user: UserId) -> Result<Option<PasswordCredential>, StoreError> {
        let statement = statement!(credential::FIND_PASSWORD, self.tenant, user);
        self.find(statement, ("reads a password", "password"), Row::password)
            .await
    }

    async fn list_totp(&self, user: UserId) -> Result<Vec<TotpCredential>, StoreError> {
        let statement = statement!(credential::LIST_TOTP, self.tenant, user);
        self.list(statement, ("reads authenticators", "totp"), Row::totp)
            .await
    }

    async fn list_client_secrets(&self, client: ClientId) -> Result<Vec<ClientSecret>, StoreError> {
        let statement = statement!(credential::LIST_CLIENT_SECRETS, self.tenant, client);
        let about = ("reads client secrets", "client_secret");
        self.list(statement, about, Row::client_secret).await
    }

    async fn find_throttle(&self, key: &ThrottleKey) -> Result<Option<Throttle>, StoreError> {
        let statement = statement!(credential::FIND_THROTTLE, self.tenant, key.text());
        self.find(statement, ("reads a throttle", "throttle"), Row::throttle)
            .await
    }

    async fn find_transaction(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<Transaction>, StoreError> {
        let statement = statement!(artefact::FIND_TRANSACTION, self.tenant, transaction);
        let about = ("reads a transaction", "sign_in_transaction");
        self.find(statement, about, Row::transaction).await
    }

    async fn find_session_by_cookie(
        &self,
        cookie: TokenHash,
    ) -> Result<Option<AuthenticationSession>, StoreError> {
        let statement = statement!(session::FIND_SESSION_BY_COOKIE, self.tenant, cookie);
        let about = ("looks for a session", "authentication_session");
        self.find(statement, about, Row::session).await
    }

    async fn find_session(
        &self,
        session: SessionId,
    ) -> Result<Option<AuthenticationSession>, StoreError> {
        let statement = statement!(session::FIND_SESSION, self.tenant, session);
        let about = ("reads a session", "authentication_session");
        self.find(statement, about, Row::session).await
    }

    async fn list_sessions(
        &self,
        subject: SessionSubject,
    ) -> Result<Vec<AuthenticationSession>, StoreError> {
        let subject = json(&subject, "authentication_session")?;
        let sql = session::LIST_SESSIONS;
        let statement = statement!(sql, self.tenant, subject, SESSIONS_LISTED_MAX);
        let about = ("lists sessions", "authentication_session");
        self.list(statement, about, Row::session).await
    }

    async fn list_session_clients(
        &self,
        session: SessionId,
    ) -> Result<Vec<SessionClient>, StoreError> {
        let statement = statement!(session::LIST_SESSION_CLIENTS, self.tenant, session);
        let about = ("lists a session's clients", "session_client");
        self.list(statement, about, Row::session_client).await
    }

    async fn find_code(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(AuthorizationCode, AuthorizationCodeState)>, StoreError> {
        let statement = statement!(artefact::FIND_CODE, self.tenant, hash);
        self.find(statement, ("reads a code", "authorization_code"), Row::code)
            .await
    }

    async fn find_refresh_token(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(RefreshToken, RefreshTokenState)>, StoreError> {
        let statement = statement!(artefact::FIND_REFRESH_TOKEN, self.tenant, hash);
        let about = ("reads a refresh token", "refresh_token");
        self.find(statement, about, Row::refresh_token).await
    }

    async fn is_grant_revoked(&self, grant: GrantId) -> Result<bool, StoreError> {
        let statement = statement!(artefact::IS_GRANT_REVOKED, self.tenant, grant);
        let about = ("asks whether a grant lives", "grant_family");
        let revoked = self.find(statement, about, |row| row.truth("revoked"));
        Ok(revoked.await?.unwrap_or(false))
    }

    async fn consented_scopes(
        &self,
        user: UserId,
        client: ClientId,
    ) -> Result<Vec<String>, StoreError> {
        let statement = statement!(session::CONSENTED_SCOPES, self.tenant, user, client);
        self.list(statement, ("reads consent", "consent"), |row| {
            row.text("scope")
        })
        .await
    }

    async fn list_signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        let statement = statement!(key::LIST_SIGNING_KEYS, self.tenant);
        let about = ("reads signing keys", "signing_key");
        self.list(statement, about, Row::signing_key).await
    }

    async fn find_key_check(&self) -> Result<Option<SealedSecret>, StoreError> {
        let statement = statement!(key::FIND_KEY_CHECK, self.tenant);
        let about = ("reads the key check", "key_check");
        self.find(statement, about, |row| row.sealed("sealed"))
            .await
    }

    async fn list_sign_ins(&self, query: &SignInQuery) -> Result<Vec<SignIn>, StoreError> {
        let statement = sign_in_query::statement(self.tenant, query);
        let about = ("reads the sign-in log", "sign_in_log");
        self.list(statement, about, |row| row.document("document"))
            .await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), CommitError> {
        let steps = change::steps(self.tenant, changes)?;
        self.shared.commit(steps).await
    }
}

/// A row of [`directory::FIND_USER_AND_MEMBERSHIPS`].
enum UserOrMembership {
    User(Box<User>),
    Membership(Membership),
}

enum Membership {
    Group(GroupId),
    Role(RoleTemplateId),
}

impl Membership {
    fn add_to(self, memberships: &mut Memberships) {
        match self {
            Self::Group(group) => memberships.groups.insert(group),
            Self::Role(role) => memberships.roles.insert(role),
        };
    }
}

fn membership<R: Columns>(row: &Row<R>) -> Result<Membership, StoreError> {
    Ok(if row.truth("is_role")? {
        Membership::Role(row.id("id")?)
    } else {
        Membership::Group(row.id("id")?)
    })
}
