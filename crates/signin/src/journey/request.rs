//! What was asked for, checked once and kept unchanged until the answer (requirement J07).

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::application::RedirectKind;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::id::{ClientId, CorrelationId, TenantId};
use portcullis_policy::platform::ClientKind;
use portcullis_protocol::oauth::authorization_request::AuthorizationRequest;
use portcullis_protocol::oauth::authorization_response::ReturnAddress;
use serde::{Deserialize, Serialize};

/// A good authorization request: made by the table in `authorize` alone, and read back from the transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    /// The tenant whose application is reached; `None` at `organizations` and `common`, before the home realm is known.
    pub(super) tenant: Option<TenantId>,
    pub(super) client: ClientId,
    pub(super) client_name: String,
    /// As what the matched redirect URI is registered.
    pub(super) redirect_kind: RedirectKind,
    /// Where the answer goes.
    pub(super) address: ReturnAddress,
    pub(super) asked: AuthorizationRequest,
    /// What the scopes reach in that tenant.
    pub(super) reach: Reach,
    /// The request itself demands MFA.
    pub(super) requests_mfa: bool,
    /// The authentication contexts the request cannot do without.
    #[serde(default)]
    pub(super) authentication_contexts: BTreeSet<AuthenticationContextId>,
    /// The subject an `id_token_hint` names: nobody else gets a code (requirement A24).
    pub(super) expected_subject: Option<String>,
    pub(super) began_at: Timestamp,
    pub(super) correlation_id: CorrelationId,
    /// As it came, for starting over.
    pub(super) parameters: String,
}

/// What a client whose redirect URI is registered like this can keep (RFC 6749 §2.1).
pub(super) const fn client_kind(redirect_kind: RedirectKind) -> ClientKind {
    match redirect_kind {
        RedirectKind::Web => ClientKind::Confidential,
        RedirectKind::Spa | RedirectKind::PublicClient => ClientKind::Public,
    }
}

/// What scopes come to in one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reach {
    /// The resources the scopes name.
    pub(super) resources: BTreeSet<ClientId>,
    /// What the policies are asked about (specification 4.3).
    pub(super) audiences: BTreeSet<ClientId>,
}

impl Request {
    /// Holds iff no page may be shown.
    pub(super) fn is_silent(&self) -> bool {
        self.asked.prompt.is_silent()
    }

    /// What the client can keep.
    pub(super) const fn client_kind(&self) -> ClientKind {
        client_kind(self.redirect_kind)
    }

    /// The tenant that owns the transaction.
    pub(super) fn owner(&self) -> TenantId {
        self.tenant.unwrap_or(TenantId::UNDISCOVERED)
    }

    /// A path at which the person may start over with another account: the same request, choosing anew.
    pub(super) fn start_over_path(&self) -> String {
        let segment = match self.tenant {
            Some(tenant) => tenant.to_string(),
            None => "organizations".to_owned(),
        };
        let kept = url::form_urlencoded::parse(self.parameters.as_bytes()).filter(|(name, _)| {
            !matches!(name.as_ref(), "prompt" | "login_hint" | "id_token_hint")
        });
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("prompt", "select_account")
            .finish();
        format!("/{segment}/oauth2/v2.0/authorize?{query}")
    }
}
