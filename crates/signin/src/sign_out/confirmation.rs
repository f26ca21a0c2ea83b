//! What the "sign out?" page's form carries back: the request, bound to this browser's sessions and to a short time.
//!
//! Without it a page elsewhere could post the form for the person (requirements K06, S04).

use portcullis_model::Timestamp;
use portcullis_model::id::ClientId;
use portcullis_model::secret::SecretText;
use serde::{Deserialize, Serialize};

use crate::browser_seal::SealedForm;
use crate::house::House;

/// The form field.
pub const PARAMETER: &str = "continuation";

/// A request that waits for the person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The client that asked, if it is known to us. Nobody vouched for it.
    pub client: Option<ClientId>,
    /// Where it wants the browser to go; matched again afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// Returned byte for byte.
    pub state: Option<String>,
    /// When the page was shown, in seconds since 1970.
    pub asked_at: i64,
}

impl Pending {
    /// The field's value for a browser with these session cookies.
    pub fn seal(&self, house: &House, sessions: &[SecretText]) -> String {
        let request = serde_json::to_vec(self).unwrap_or_default();
        SealedForm::SignOut.seal(house, sessions, &request)
    }

    /// Reads it back; `None` if it was made for another browser, for other sessions, or too long ago.
    pub fn open(
        house: &House,
        sessions: &[SecretText],
        now: Timestamp,
        text: &str,
    ) -> Option<Self> {
        let request = SealedForm::SignOut.open(house, sessions, text)?;
        let pending: Self = serde_json::from_slice(&request).ok()?;
        let age_seconds = now.as_second().saturating_sub(pending.asked_at);
        (0..=house.lifetimes.transaction_seconds)
            .contains(&age_seconds)
            .then_some(pending)
    }
}
