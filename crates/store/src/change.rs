//! A change as the statements that make it, and what each of them must touch.
//!
//! Computed by the caller before it queues, so that the writer only runs statements.

use jiff::{SignedDuration, Timestamp};
use portcullis_model::artefact::{AuthorizationCode, Grant, RefreshToken, Transaction};
use portcullis_model::credential::{PasswordCredential, ThrottleKey, TotpCredential};
use portcullis_model::id::{SessionId, TenantId, UserId};
use portcullis_model::secret::TokenHash;
use portcullis_model::session::{AuthenticationSession, SessionClient, SessionSubject, SessionUse};
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{Change, SigningKeyRecord, StoreError};

use crate::configuration::ObjectKind;
use crate::row::{self, json};
use crate::sql;
use crate::statement::{Statement, statement};

/// One statement of a change.
pub(crate) struct Step {
    pub(crate) statement: Statement,
    pub(crate) expectation: Expectation,
    /// The place of the change in the caller's list.
    pub(crate) change: usize,
}

/// What a statement must touch for its caller to win.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Exactly one row: touching none means that the change lost.
    OneRow,
    /// Any number, also none.
    Any,
}

/// After the last artefact of a grant has expired, its row is kept for this long: access tokens that came of it are
/// still shown to our own endpoints, which ask whether the grant was revoked.
const GRANT_AFTERLIFE: SignedDuration = SignedDuration::from_hours(24);

/// The statements of a caller's whole list.
pub(crate) fn steps(tenant: TenantId, changes: Vec<Change>) -> Result<Vec<Step>, StoreError> {
    let mut list = StepList {
        tenant,
        steps: Vec::with_capacity(changes.len() + 2),
        change: 0,
    };
    for (index, change) in changes.into_iter().enumerate() {
        list.change = index;
        list.add(change)?;
    }
    Ok(list.steps)
}

struct StepList {
    tenant: TenantId,
    steps: Vec<Step>,
    change: usize,
}

impl StepList {
    fn push(&mut self, statement: Statement, expectation: Expectation) {
        self.steps.push(Step {
            statement,
            expectation,
            change: self.change,
        });
    }

    fn one(&mut self, statement: Statement) {
        self.push(statement, Expectation::OneRow);
    }

    fn any(&mut self, statement: Statement) {
        self.push(statement, Expectation::Any);
    }

    /// One arm per change, on as few lines as they are read best.
    #[rustfmt::skip]
    fn add(&mut self, change: Change) -> Result<(), StoreError> {
        let tenant = self.tenant;
        match change {
            Change::BeginTransaction(transaction) => self.begin_transaction(transaction),
            Change::AdvanceTransaction { transaction, from_version, now } =>
                self.advance_transaction(transaction, from_version, now),
            Change::EndTransaction { id, from_version, now } =>
                self.one(statement!(sql::artefact::END_TRANSACTION, tenant, id, from_version, now)),

            Change::OpenSession(session) => self.open_session(&session)?,
            Change::RenewSession { session, from_cookie } => self.renew_session(&session, from_cookie)?,
            Change::UseSession { session, last_use } => self.use_session(session, last_use),
            Change::EndSession(session) => self.end_session(session),
            Change::EndSessionsOfUser(user) => self.end_sessions_of_user(user),
            Change::ForgetSignIns { user, before } =>
                self.one(statement!(sql::directory::FORGET_SIGN_INS, tenant, user, before)),
            Change::EndOtherSessions { subject, kept } => self.end_other_sessions(subject, kept)?,
            Change::JoinSession(client) => self.join_session(client),

            Change::IssueCode(code) => self.issue_code(code)?,
            Change::SpendCode(hash) => self.one(statement!(sql::artefact::SPEND_CODE, tenant, hash)),
            Change::IssueRefreshToken(token) => self.issue_refresh_token(&token)?,
            Change::SpendRefreshToken(hash) =>
                self.one(statement!(sql::artefact::SPEND_REFRESH_TOKEN, tenant, hash)),
            Change::RevokeGrant(grant) =>
                self.any(statement!(sql::artefact::REVOKE_GRANT, tenant, grant)),
            Change::SpendAssertionId { client, id, expires_at } =>
                self.one(statement!(sql::artefact::SPEND_ASSERTION_ID, tenant, client, id, expires_at)),

            Change::GrantConsent { user, client, scopes, at } => {
                for scope in scopes {
                    let sql = sql::session::GRANT_CONSENT;
                    self.any(statement!(sql, tenant, user, client, scope, at));
                }
            }

            Change::RehashPassword { password, from_hash } => self.rehash_password(password, from_hash),
            Change::RegisterTotp(totp) => self.register_totp(&totp),
            Change::UseTotpStep { method, step } =>
                self.one(statement!(sql::credential::USE_TOTP_STEP, tenant, method, step)),
            Change::ChargeThrottle { key, attempts_max, window_seconds, now } => {
                let window = SignedDuration::from_secs(window_seconds.max(0));
                self.charge_throttle(&key, attempts_max, window, now);
            }
            Change::ClearThrottle(key) =>
                self.any(statement!(sql::credential::CLEAR_THROTTLE, tenant, key.text())),
            Change::RefundThrottle(key) =>
                self.any(statement!(sql::credential::REFUND_THROTTLE, tenant, key.text())),

            Change::AdvanceConfiguration { from_version, now } => {
                let version = i64::try_from(from_version).unwrap_or(i64::MAX);
                self.one(statement!(sql::directory::ADVANCE_CONFIGURATION, tenant, version, now));
            }
            Change::KeepPolicy(policy) => {
                let document = json(&policy.document, "configuration_object")?;
                let kind = ObjectKind::ConditionalAccessPolicy.name();
                self.one(statement!(sql::import::SET_OBJECT, tenant, kind, policy.id, document));
            }
            Change::RemovePolicy(id) => {
                let kind = ObjectKind::ConditionalAccessPolicy.name();
                self.one(statement!(sql::import::REMOVE_OBJECT, tenant, kind, id));
            }

            Change::LogSignIn(sign_in) => self.log_sign_in(&sign_in)?,

            Change::AddSigningKey(key) => self.add_signing_key(key),
            Change::KeepKeyCheck(sealed) => self.one(statement!(sql::key::KEEP_KEY_CHECK, tenant, &sealed)),
            Change::RetireSigningKey { key_id, retired_at, not_after } =>
                self.one(statement!(sql::key::RETIRE_SIGNING_KEY, tenant, key_id, retired_at, not_after)),
        }
        Ok(())
    }

    fn advance_transaction(&mut self, to: Transaction, from_version: u32, now: Timestamp) {
        self.one(statement!(
            sql::artefact::ADVANCE_TRANSACTION,
            self.tenant,
            to.id,
            from_version,
            now,
            to.state,
            to.expires_at
        ));
    }

    fn renew_session(
        &mut self,
        session: &AuthenticationSession,
        from_cookie: TokenHash,
    ) -> Result<(), StoreError> {
        self.one(statement!(
            sql::session::RENEW_SESSION,
            self.tenant,
            session.id,
            from_cookie,
            session.cookie_hash,
            row::session_evidence(session)?,
            session.expires_at,
            session.is_persistent,
            session.last_use.at,
            address(&session.last_use),
            session.last_use.user_agent.clone()
        ));
        Ok(())
    }

    fn use_session(&mut self, session: SessionId, last_use: SessionUse) {
        self.any(statement!(
            sql::session::USE_SESSION,
            self.tenant,
            session,
            last_use.at,
            address(&last_use),
            last_use.user_agent
        ));
    }

    fn end_other_sessions(
        &mut self,
        subject: SessionSubject,
        kept: SessionId,
    ) -> Result<(), StoreError> {
        let text = json(&subject, "authentication_session")?;
        self.any(statement!(
            sql::artefact::REVOKE_GRANTS_OF_OTHER_SESSIONS,
            self.tenant,
            user_of(subject),
            &text,
            kept
        ));
        self.any(statement!(
            sql::session::END_OTHER_SESSIONS,
            self.tenant,
            text,
            kept
        ));
        Ok(())
    }

    fn end_session(&mut self, session: SessionId) {
        let revoke = sql::artefact::REVOKE_GRANTS_OF_SESSION;
        self.any(statement!(revoke, self.tenant, session));
        self.any(statement!(sql::session::END_SESSION, self.tenant, session));
    }

    fn join_session(&mut self, client: SessionClient) {
        self.one(statement!(
            sql::session::JOIN_SESSION,
            self.tenant,
            client.session,
            client.client,
            client.subject,
            client.correlation_id
        ));
    }

    fn charge_throttle(
        &mut self,
        key: &ThrottleKey,
        attempts_max: u32,
        window: SignedDuration,
        now: Timestamp,
    ) {
        self.one(statement!(
            sql::credential::CHARGE_THROTTLE,
            self.tenant,
            key.text(),
            now,
            attempts_max,
            moved(now, window),
            moved(now, -window)
        ));
    }

    fn begin_transaction(&mut self, transaction: Transaction) {
        self.one(statement!(
            sql::artefact::BEGIN_TRANSACTION,
            self.tenant,
            transaction.id,
            transaction.browser_hash,
            transaction.state,
            transaction.expires_at
        ));
    }

    fn open_session(&mut self, session: &AuthenticationSession) -> Result<(), StoreError> {
        self.one(statement!(
            sql::session::OPEN_SESSION,
            self.tenant,
            session.id,
            session.cookie_hash,
            user_of(session.subject),
            json(&session.subject, "authentication_session")?,
            row::session_evidence(session)?,
            session.created_at,
            session.expires_at,
            session.is_persistent,
            session.last_use.at,
            address(&session.last_use),
            session.last_use.user_agent.clone()
        ));
        Ok(())
    }

    fn end_sessions_of_user(&mut self, user: UserId) {
        self.any(statement!(
            sql::artefact::REVOKE_GRANTS_OF_USER,
            self.tenant,
            user
        ));
        self.any(statement!(
            sql::session::END_SESSIONS_OF_USER,
            self.tenant,
            user
        ));
    }

    fn keep_grant(&mut self, grant: &Grant, until: Timestamp) {
        self.one(statement!(
            sql::artefact::KEEP_GRANT,
            self.tenant,
            grant.id,
            user_of(grant.subject),
            grant.session,
            moved(until, GRANT_AFTERLIFE)
        ));
    }

    fn issue_code(&mut self, code: AuthorizationCode) -> Result<(), StoreError> {
        self.keep_grant(&code.grant, code.expires_at);
        self.one(statement!(
            sql::artefact::ISSUE_CODE,
            self.tenant,
            code.hash,
            code.grant.id,
            json(&code.grant, "authorization_code")?,
            code.redirect_uri,
            code.code_challenge,
            code.nonce,
            code.expires_at
        ));
        Ok(())
    }

    fn issue_refresh_token(&mut self, token: &RefreshToken) -> Result<(), StoreError> {
        self.keep_grant(&token.grant, token.family_expires_at);
        self.one(statement!(
            sql::artefact::ISSUE_REFRESH_TOKEN,
            self.tenant,
            token.hash,
            token.grant.id,
            json(&token.grant, "refresh_token")?,
            token.family_expires_at,
            token.expires_at
        ));
        Ok(())
    }

    fn rehash_password(&mut self, password: PasswordCredential, from_hash: String) {
        self.one(statement!(
            sql::credential::REHASH_PASSWORD,
            self.tenant,
            password.user,
            from_hash,
            password.hash,
            password.changed_at
        ));
    }

    fn register_totp(&mut self, totp: &TotpCredential) {
        self.one(statement!(
            sql::credential::REGISTER_TOTP,
            self.tenant,
            totp.id,
            totp.user,
            &totp.seed,
            totp.last_step,
            totp.created_at
        ));
    }

    fn log_sign_in(&mut self, sign_in: &SignIn) -> Result<(), StoreError> {
        self.one(statement!(
            sql::sign_in_log::APPEND,
            self.tenant,
            sign_in.created_date_time,
            sign_in.id,
            sign_in.correlation_id,
            sign_in.user_id.clone(),
            sign_in.user_principal_name.as_deref().map(row::log_name),
            sign_in.app_id,
            sign_in.status.error_code,
            json(sign_in, "sign_in_log")?,
            sign_in.is_interactive
        ));
        Ok(())
    }

    fn add_signing_key(&mut self, key: SigningKeyRecord) {
        self.one(statement!(
            sql::key::ADD_SIGNING_KEY,
            self.tenant,
            key.key_id,
            row::algorithm_name(key.algorithm),
            &key.private_key,
            key.public_jwk,
            key.created_at,
            key.active_from,
            key.retired_at,
            key.not_after
        ));
    }
}

fn address(last_use: &SessionUse) -> Option<String> {
    last_use.ip_address.map(|address| address.to_string())
}

/// The user object behind a subject; direct connect users have none here.
fn user_of(subject: SessionSubject) -> Option<UserId> {
    match subject {
        SessionSubject::User(user) => Some(user),
        SessionSubject::DirectConnect(_) => None,
    }
}

/// A moment that far away, or the last one there is.
fn moved(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.saturating_add(by).unwrap_or(if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
