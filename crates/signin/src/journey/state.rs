//! The states of a sign-in between two requests: one struct per page that waits for a person.
//!
//! Kept as JSON in the transaction, which is bound to one browser and moves one version per step.

use portcullis_model::id::{SessionId, TenantId, UserId};
use portcullis_model::secret::SealedSecret;
use portcullis_model::session::ProvenMethod;
use portcullis_model::user::HomeAccount;
use serde::{Deserialize, Serialize};

use super::request::Request;
use crate::page::{ConsentScope, Problem, StayChoice, WhyMfa};

/// Which page waits, with all it needs to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "waitsFor", rename_all = "camelCase")]
pub(super) enum State {
    UserName(UserName),
    Account(PickAccount),
    Password(Password),
    SecondFactor(SecondFactor),
    Registration(Registration),
    StaySignedIn(StaySignedIn),
    Consent(Consent),
}

/// Who are you?
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserName {
    pub(super) request: Box<Request>,
    /// The organisation a `domain_hint` named: its logo is in front already.
    pub(super) hinted: Option<TenantId>,
    pub(super) problem: Option<Problem>,
}

/// Which of this browser's accounts?
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PickAccount {
    pub(super) request: Box<Request>,
}

/// The password, at the home tenant's page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Password {
    pub(super) request: Box<Request>,
    pub(super) lodging: Lodging,
    pub(super) problem: Option<Problem>,
}

/// Where a name lives: found before anything is proven, so a name that nobody has lives somewhere too (requirement Q19).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lodging {
    /// The tenant that asks for the password.
    pub(super) tenant: TenantId,
    /// The account of that tenant; `None` when nobody there has the name.
    pub(super) user: Option<UserId>,
    /// As typed.
    pub(super) name: String,
}

/// A code of a registered authenticator.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecondFactor {
    pub(super) request: Box<Request>,
    pub(super) traveller: Traveller,
    pub(super) place: ProofPlace,
    pub(super) why: WhyMfa,
    pub(super) problem: Option<Problem>,
}

/// Where a second factor is proven: the tenant, and the object whose authenticator counts there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProofPlace {
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
}

/// A new authenticator, shown and not yet confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registration {
    pub(super) request: Box<Request>,
    pub(super) traveller: Traveller,
    pub(super) place: ProofPlace,
    pub(super) why: WhyMfa,
    /// The seed that is on the page.
    pub(super) seed: SealedSecret,
    pub(super) problem: Option<Problem>,
}

/// Stay signed in?
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StaySignedIn {
    pub(super) request: Box<Request>,
    pub(super) traveller: Traveller,
}

/// Let the application act for you?
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consent {
    pub(super) request: Box<Request>,
    pub(super) traveller: Traveller,
    /// What is on the page: consent is to this and to nothing else (requirement A27).
    pub(super) scopes: Vec<ConsentScope>,
}

/// Somebody whose home account is known from a session or a password; the sessions say what was proven.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Traveller {
    /// The account, in the tenant where its credentials live (the resource tenant itself for its own users).
    pub(super) account: HomeAccount,
    /// The session there.
    pub(super) home_session: Option<SessionId>,
    /// The session in the resource tenant, for users of other tenants.
    pub(super) resource_session: Option<SessionId>,
    /// Whether the first factor was given in this sign-in.
    pub(super) first_factor: FirstFactor,
    /// What was proven in the resource tenant in this sign-in, by a user of another tenant.
    pub(super) resource_proofs: Vec<ProvenMethod>,
    /// The answer to "stay signed in?", once it was asked.
    pub(super) stay: Option<StayChoice>,
    /// Scopes consented to in this sign-in.
    pub(super) consented: Vec<String>,
}

/// Whether the first factor was given in this sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum FirstFactor {
    /// Earlier; a session remembers it.
    Remembered,
    /// Just now.
    Given,
}

impl Traveller {
    /// Somebody with this account, of whom this sign-in knows nothing more yet.
    pub(super) fn new(account: HomeAccount) -> Self {
        Self {
            account,
            home_session: None,
            resource_session: None,
            first_factor: FirstFactor::Remembered,
            resource_proofs: Vec::new(),
            stay: None,
            consented: Vec::new(),
        }
    }
}

impl State {
    /// The request that all of it is about.
    pub(super) fn request(&self) -> &Request {
        match self {
            Self::UserName(state) => &state.request,
            Self::Account(state) => &state.request,
            Self::Password(state) => &state.request,
            Self::SecondFactor(state) => &state.request,
            Self::Registration(state) => &state.request,
            Self::StaySignedIn(state) => &state.request,
            Self::Consent(state) => &state.request,
        }
    }

    /// The same, taking the state apart.
    pub(super) fn into_request(self) -> Box<Request> {
        match self {
            Self::UserName(state) => state.request,
            Self::Account(state) => state.request,
            Self::Password(state) => state.request,
            Self::SecondFactor(state) => state.request,
            Self::Registration(state) => state.request,
            Self::StaySignedIn(state) => state.request,
            Self::Consent(state) => state.request,
        }
    }

    /// The tenant whose page it is: proofs are given at the page of the tenant that asks for them.
    pub(super) fn page_tenant(&self) -> TenantId {
        match self {
            Self::Password(state) => state.lodging.tenant,
            Self::SecondFactor(state) => state.place.tenant,
            Self::Registration(state) => state.place.tenant,
            Self::UserName(_) | Self::Account(_) | Self::StaySignedIn(_) | Self::Consent(_) => {
                self.request().owner()
            }
        }
    }
}
