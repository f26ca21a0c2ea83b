//! What the "sign out?" page's form carries back: the request, bound to this browser's sessions and to a short time.
//!
//! Without it a page elsewhere could post the form for the person (requirements K06, S04).

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::Timestamp;
use portcullis_model::id::ClientId;
use portcullis_model::secret::SecretText;
use serde::{Deserialize, Serialize};

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
        let request = URL_SAFE_NO_PAD.encode(request);
        let tag = hmac::sign(&key(house), &message(&request, sessions));
        format!("{request}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Reads it back; `None` if it was made for another browser, for other sessions, or too long ago.
    pub fn open(
        house: &House,
        sessions: &[SecretText],
        now: Timestamp,
        text: &str,
    ) -> Option<Self> {
        let (request, tag) = text.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&key(house), &message(request, sessions), &tag).ok()?;
        let pending: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(request).ok()?).ok()?;
        let age_seconds = now.as_second().saturating_sub(pending.asked_at);
        (0..=house.lifetimes.transaction_seconds)
            .contains(&age_seconds)
            .then_some(pending)
    }
}

/// The key of the installation under a name of its own, so that no other use of it makes such a tag.
fn key(house: &House) -> hmac::Key {
    let installation = hmac::Key::new(hmac::HMAC_SHA256, house.pairwise_key.expose().as_bytes());
    let derived = hmac::sign(&installation, b"portcullis sign-out confirmation");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

fn message(request: &str, sessions: &[SecretText]) -> Vec<u8> {
    let mut message = request.as_bytes().to_vec();
    for cookie in sessions {
        // A byte that neither base64url nor a cookie value has.
        message.push(0);
        message.extend_from_slice(cookie.expose().as_bytes());
    }
    message
}
