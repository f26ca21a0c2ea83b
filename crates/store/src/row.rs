//! Rows to the model's types: nothing is believed, and what is wrong names its table and column.

use std::net::AddrParseError;

use jiff::Timestamp;
use portcullis_model::application::SigningAlgorithm;
use portcullis_model::artefact::{
    AuthorizationCode, AuthorizationCodeState, Grant, RefreshToken, RefreshTokenState, Transaction,
};
use portcullis_model::credential::{ClientSecret, PasswordCredential, Throttle, TotpCredential};
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::Id;
use portcullis_model::secret::{SealedSecret, TokenHash};
use portcullis_model::session::{
    AuthenticationSession, HomeSession, ProvenMethod, SessionClient, SessionUse,
};
use portcullis_model::store::{SigningKeyRecord, StoreError};
use portcullis_model::user::User;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::{Columns, EngineError};

/// One row of a named table.
pub(crate) struct Row<R> {
    columns: R,
    table: &'static str,
}

impl<R: Columns> Row<R> {
    pub(crate) fn new(columns: R, table: &'static str) -> Self {
        Self { columns, table }
    }

    pub(crate) fn damaged(&self, column: &str, what: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            what: format!("column `{column}`: {what}"),
        }
    }

    fn read<T>(&self, column: &str, value: Result<T, EngineError>) -> Result<T, StoreError> {
        value.map_err(|cause| self.damaged(column, cause))
    }

    pub(crate) fn id<K>(&self, column: &str) -> Result<Id<K>, StoreError> {
        self.uuid(column).map(Id::new)
    }

    pub(crate) fn uuid(&self, column: &str) -> Result<uuid::Uuid, StoreError> {
        self.read(column, self.columns.uuid(column))
    }

    pub(crate) fn hash(&self, column: &str) -> Result<TokenHash, StoreError> {
        let bytes = self.read(column, self.columns.bytes(column))?;
        <[u8; 32]>::try_from(bytes)
            .map(TokenHash)
            .map_err(|bytes| self.damaged(column, format!("a hash of {} bytes", bytes.len())))
    }

    pub(crate) fn sealed(&self, column: &str) -> Result<SealedSecret, StoreError> {
        self.read(column, self.columns.bytes(column))
            .map(SealedSecret)
    }

    pub(crate) fn text(&self, column: &str) -> Result<String, StoreError> {
        self.read(column, self.columns.text(column))
    }

    pub(crate) fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.read(column, self.columns.optional_text(column))
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64, StoreError> {
        self.read(column, self.columns.integer(column))
    }

    pub(crate) fn count<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError> {
        let number = self.integer(column)?;
        T::try_from(number).map_err(|_| self.damaged(column, format!("{number} is out of range")))
    }

    pub(crate) fn truth(&self, column: &str) -> Result<bool, StoreError> {
        self.read(column, self.columns.truth(column))
    }

    pub(crate) fn moment(&self, column: &str) -> Result<Timestamp, StoreError> {
        let microseconds = self.integer(column)?;
        Timestamp::from_microsecond(microseconds).map_err(|cause| self.damaged(column, cause))
    }

    pub(crate) fn optional_moment(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        self.read(column, self.columns.optional_integer(column))?
            .map(Timestamp::from_microsecond)
            .transpose()
            .map_err(|cause| self.damaged(column, cause))
    }

    /// A document. The cause names line and column, never the content.
    pub(crate) fn document<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|cause| {
            let (line, place) = (cause.line(), cause.column());
            let category = cause.classify();
            self.damaged(
                column,
                format!(
                    "not the document it should be ({category:?}, line {line}, column {place})"
                ),
            )
        })
    }
}

/// The JSON of a value that a row of `table` will hold.
pub(crate) fn json<T: Serialize>(value: &T, table: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|cause| StoreError::Corrupt {
        table,
        what: format!("cannot be written as JSON: {cause}"),
    })
}

/// What a session has proven, and by what; the part of its row that changes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionEvidence {
    home_session: Option<HomeSession>,
    proofs: Vec<ProvenMethod>,
    device: Option<DeviceClaims>,
}

/// The `evidence` column of a session.
pub(crate) fn session_evidence(session: &AuthenticationSession) -> Result<String, StoreError> {
    let evidence = SessionEvidence {
        home_session: session.home_session,
        proofs: session.proofs.clone(),
        device: session.device.clone(),
    };
    json(&evidence, "authentication_session")
}

/// The name a log row is found by.
pub(crate) fn log_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// An algorithm as it is kept.
pub(crate) fn algorithm_name(algorithm: SigningAlgorithm) -> &'static str {
    match algorithm {
        SigningAlgorithm::RS256 => "RS256",
        SigningAlgorithm::ES256 => "ES256",
    }
}

impl<R: Columns> Row<R> {
    pub(crate) fn transaction(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction {
            id: self.id("transaction_id")?,
            version: self.count("version")?,
            browser_hash: self.hash("browser_hash")?,
            state: self.text("state")?,
            expires_at: self.moment("expires_at")?,
        })
    }

    /// A user; what was forgotten here counts beside what the document says.
    pub(crate) fn user(&self) -> Result<User, StoreError> {
        let mut user: User = self.document("document")?;
        let valid_from = &mut user.sign_in_sessions_valid_from_date_time;
        *valid_from = (*valid_from).max(self.optional_moment("sessions_valid_from")?);
        Ok(user)
    }

    pub(crate) fn session(&self) -> Result<AuthenticationSession, StoreError> {
        let evidence: SessionEvidence = self.document("evidence")?;
        Ok(AuthenticationSession {
            id: self.id("session_id")?,
            cookie_hash: self.hash("cookie_hash")?,
            subject: self.document("subject")?,
            home_session: evidence.home_session,
            proofs: evidence.proofs,
            device: evidence.device,
            created_at: self.moment("created_at")?,
            expires_at: self.moment("expires_at")?,
            is_persistent: self.truth("is_persistent")?,
            last_use: self.session_use()?,
        })
    }

    fn session_use(&self) -> Result<SessionUse, StoreError> {
        let column = "last_ip_address";
        let address = self.optional_text(column)?.map(|text| text.parse());
        Ok(SessionUse {
            at: self.moment("last_used_at")?,
            ip_address: address
                .transpose()
                .map_err(|cause: AddrParseError| self.damaged(column, cause))?,
            user_agent: self.optional_text("last_user_agent")?,
        })
    }

    pub(crate) fn session_client(&self) -> Result<SessionClient, StoreError> {
        Ok(SessionClient {
            session: self.id("session_id")?,
            client: self.id("client_id")?,
            subject: self.text("subject")?,
            correlation_id: self.id("correlation_id")?,
        })
    }

    pub(crate) fn code(&self) -> Result<(AuthorizationCode, AuthorizationCodeState), StoreError> {
        let grant: Grant = self.document("grant_document")?;
        let code = AuthorizationCode {
            hash: self.hash("code_hash")?,
            grant,
            redirect_uri: self.text("redirect_uri")?,
            code_challenge: self.optional_text("code_challenge")?,
            nonce: self.optional_text("nonce")?,
            expires_at: self.moment("expires_at")?,
        };
        // A code of a revoked grant is burnt: `SpendCode` would lose as well.
        let is_gone = self.truth("spent")? || self.truth("revoked")?;
        let state = if is_gone {
            AuthorizationCodeState::Spent
        } else {
            AuthorizationCodeState::Fresh
        };
        Ok((code, state))
    }

    pub(crate) fn refresh_token(&self) -> Result<(RefreshToken, RefreshTokenState), StoreError> {
        let token = RefreshToken {
            hash: self.hash("token_hash")?,
            grant: self.document("grant_document")?,
            family_expires_at: self.moment("family_expires_at")?,
            expires_at: self.moment("expires_at")?,
        };
        let state = match (self.truth("revoked")?, self.truth("spent")?) {
            (true, _) => RefreshTokenState::Revoked,
            (false, true) => RefreshTokenState::Spent,
            (false, false) => RefreshTokenState::Fresh,
        };
        Ok((token, state))
    }

    pub(crate) fn password(&self) -> Result<PasswordCredential, StoreError> {
        Ok(PasswordCredential {
            user: self.id("user_id")?,
            hash: self.text("hash")?,
            changed_at: self.moment("changed_at")?,
        })
    }

    pub(crate) fn totp(&self) -> Result<TotpCredential, StoreError> {
        Ok(TotpCredential {
            id: self.id("method_id")?,
            user: self.id("user_id")?,
            seed: self.sealed("seed")?,
            last_step: self.integer("last_step")?,
            created_at: self.moment("created_at")?,
        })
    }

    pub(crate) fn client_secret(&self) -> Result<ClientSecret, StoreError> {
        Ok(ClientSecret {
            client: self.id("client_id")?,
            hash: self.hash("secret_hash")?,
            hint: self.text("hint")?,
            expires_at: self.optional_moment("expires_at")?,
        })
    }

    pub(crate) fn throttle(&self) -> Result<Throttle, StoreError> {
        Ok(Throttle {
            attempts: self.count("attempts")?,
            last_at: self.moment("last_at")?,
            locked_until: self.optional_moment("locked_until")?,
        })
    }

    pub(crate) fn signing_key(&self) -> Result<SigningKeyRecord, StoreError> {
        let algorithm = match self.text("algorithm")?.as_str() {
            "RS256" => SigningAlgorithm::RS256,
            "ES256" => SigningAlgorithm::ES256,
            other => return Err(self.damaged("algorithm", format!("`{other}` is not known"))),
        };
        Ok(SigningKeyRecord {
            key_id: self.text("key_id")?,
            algorithm,
            private_key: self.sealed("private_key")?,
            public_jwk: self.text("public_jwk")?,
            created_at: self.moment("created_at")?,
            active_from: self.moment("active_from")?,
            retired_at: self.optional_moment("retired_at")?,
            not_after: self.moment("not_after")?,
        })
    }
}
