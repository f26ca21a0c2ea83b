//! Seals what a page's form carries back, bound to this browser's sessions and to one purpose: a page elsewhere can make no
//! such form for the person (requirements K06, S04, S13).

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::secret::SecretText;

use crate::house::House;

/// What a form is for; one is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealedForm {
    /// "Sign out?"
    SignOut,
    /// A button on the list of one's sessions.
    EndSessions,
}

impl SealedForm {
    fn name(self) -> &'static [u8] {
        match self {
            Self::SignOut => b"portcullis sign-out confirmation",
            Self::EndSessions => b"portcullis end sessions",
        }
    }

    /// The field's value for a browser with these session cookies.
    pub(crate) fn seal(self, house: &House, sessions: &[SecretText], content: &[u8]) -> String {
        let content = URL_SAFE_NO_PAD.encode(content);
        let tag = hmac::sign(&self.key(house), &message(&content, sessions));
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Reads it back; `None` if it was made for another purpose, another browser or other sessions.
    pub(crate) fn open(
        self,
        house: &House,
        sessions: &[SecretText],
        text: &str,
    ) -> Option<Vec<u8>> {
        let (content, tag) = text.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key(house), &message(content, sessions), &tag).ok()?;
        URL_SAFE_NO_PAD.decode(content).ok()
    }

    /// The key of the installation under the form's name, so that no other use of it makes such a tag.
    fn key(self, house: &House) -> hmac::Key {
        let key = house.pairwise_key.expose().as_bytes();
        let installation = hmac::Key::new(hmac::HMAC_SHA256, key);
        let derived = hmac::sign(&installation, self.name());
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }
}

fn message(content: &str, sessions: &[SecretText]) -> Vec<u8> {
    let mut message = content.as_bytes().to_vec();
    for cookie in sessions {
        // A byte that neither base64url nor a cookie value has.
        message.push(0);
        message.extend_from_slice(cookie.expose().as_bytes());
    }
    message
}
