//! Why no token is given, and the one place where that becomes an answer.

use portcullis_model::store::{CommitError, StoreError};
use portcullis_protocol::oauth::error::{ErrorStamp, Fault, WireError};
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};
use uuid::Uuid;

use crate::house::{House, Moment};
use crate::mint::MintError;
use crate::realm::{self, RealmError};
use crate::visitor::Stop;

/// Why no token is given.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The client or the user is refused, and no row says so yet.
    #[error("refused with {}", .0.code.number())]
    Refused(Fault),
    /// Refused, and written down; or the budget for such rows is used up.
    #[error("refused with {}, as the log says", .0.code.number())]
    Logged(Fault),
    /// The store failed: nobody knows what is true, so nothing is given (requirement B19).
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The condition of a change did not hold, and nobody foresaw that.
    #[error("a change lost that cannot lose")]
    Lost,
    /// The token could not be made.
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl From<Fault> for TokenError {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault)
    }
}

impl From<ErrorCode> for TokenError {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Stop> for TokenError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Denied(denied) => denied.code.into(),
            Stop::Store(error) => error.into(),
        }
    }
}

impl From<CommitError> for TokenError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Lost { .. } => Self::Lost,
            CommitError::Store(error) => error.into(),
        }
    }
}

impl From<RealmError> for TokenError {
    fn from(error: RealmError) -> Self {
        match error {
            RealmError::Unknown => ErrorCode::InvalidTenantName.into(),
            RealmError::Store(error) => error.into(),
        }
    }
}

impl TokenError {
    /// What the client is told. Causes of ours go to the operator only (requirement B15).
    pub fn wire(&self, house: &House, moment: &mut Moment<'_>) -> WireError {
        let fault = match self {
            Self::Refused(fault) | Self::Logged(fault) => fault.clone(),
            Self::Store(error) => {
                tracing::error!(correlation_id = %moment.correlation_id, error = error as &dyn std::error::Error, "the store failed at the token endpoint");
                ErrorCode::MsodsServiceUnavailable.into()
            }
            Self::Lost | Self::Mint(_) => {
                tracing::error!(correlation_id = %moment.correlation_id, error = self as &dyn std::error::Error, "no token could be made");
                ErrorCode::InternalFault.into()
            }
        };
        fault.wire(Channel::Token, &stamp(house, moment))
    }
}

/// What ties an answer to the log.
pub fn stamp(house: &House, moment: &mut Moment<'_>) -> ErrorStamp {
    let mut octets = [0; 16];
    moment.entropy.fill(&mut octets);
    ErrorStamp {
        trace_id: Uuid::from_bytes(octets).to_string(),
        correlation_id: moment.correlation_id.to_string(),
        timestamp: moment.now,
        error_uri_base: Some(realm::base(&house.public_url).to_owned()),
    }
}
