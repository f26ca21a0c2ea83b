//! The `sub` of people: pairwise, so that two applications cannot compare notes (OpenID Connect Core §8.1).

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The installation's key for pairwise subjects. If it is lost or changed, every application sees strangers.
#[derive(Clone)]
pub struct PairwiseKey(hmac::Key);

impl PairwiseKey {
    /// Takes 32 octets from a random source.
    pub fn new(octets: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, octets))
    }
}

impl fmt::Debug for PairwiseKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Who, as seen by which application in which tenant.
#[derive(Debug, Clone, Copy)]
pub struct PairwiseInput<'a> {
    /// The client (id token) or the resource (access token).
    pub application: &'a str,
    /// The resource tenant.
    pub tenant: &'a str,
    /// The user object; for direct connect users the home tenant and object.
    pub user: &'a str,
}

/// The subject: 43 characters of base64url.
///
/// An application's own subject is a UUID of 36 characters, so the two can never be equal (requirement B18).
pub fn pairwise_subject(key: &PairwiseKey, input: PairwiseInput<'_>) -> String {
    let mut context = hmac::Context::with_key(&key.0);
    for part in [input.application, input.tenant, input.user] {
        // Lengths first: `ab`,`c` must not be `a`,`bc`.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(context.sign())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn subject(key: u8, [application, tenant, user]: [&str; 3]) -> String {
        let key = PairwiseKey::new(&[key; 32]);
        pairwise_subject(
            &key,
            PairwiseInput {
                application,
                tenant,
                user,
            },
        )
    }

    #[test]
    fn g16_a_subject_is_stable_and_differs_in_everything_it_depends_on() {
        assert_eq!(subject(1, ["a", "t", "u"]), subject(1, ["a", "t", "u"]));
        let others = [
            subject(1, ["a", "t", "u"]),
            subject(2, ["a", "t", "u"]),
            subject(1, ["b", "t", "u"]),
            subject(1, ["a", "s", "u"]),
            subject(1, ["a", "t", "v"]),
            subject(1, ["at", "", "u"]),
            subject(1, ["", "at", "u"]),
            subject(1, ["a", "tu", ""]),
            subject(1, ["u", "t", "a"]),
        ];
        assert_eq!(BTreeSet::from(others.clone()).len(), others.len());
    }

    proptest! {
        #[test]
        fn b18_a_person_never_has_the_subject_of_an_application(application in ".{0,40}", user in ".{0,40}", id in any::<u128>()) {
            let person = subject(1, [&application, "t", &user]);
            let text = format!("{id:032x}");
            prop_assert_eq!(person.len(), 43);
            prop_assert_ne!(person.len(), text.len() + 4, "a UUID has 32 digits and four hyphens");
        }
    }
}
