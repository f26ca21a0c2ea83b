//! Signed tokens (RFC 7515-7519, 8725): compact JWS with asymmetric keys, and nothing else.
//!
//! There is no encryption, no `none`, no shared-secret signature here, so they cannot be switched on by a header.
//! The signature itself is aws-lc's; keys are parsed once, not at each signature, which is why the JWT library
//! is only the second opinion in the tests: it parses the key anew each time, reads the clock, and takes the
//! last of two equal members.

pub mod public_key;
pub mod signing_key;
pub mod token;
pub mod verify;

#[cfg(test)]
pub(crate) mod test_key;
