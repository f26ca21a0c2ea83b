//! Time-based one-time codes (RFC 6238): which step a code belongs to, and how an authenticator is enrolled.

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use portcullis_model::Timestamp;
use portcullis_model::entropy::Entropy;
use portcullis_model::secret::SecretText;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Seeds have 160 bits (requirement Q11).
pub const SEED_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;
/// One step before and after: clocks differ.
const STEPS_OF_GRACE: u16 = 1;

/// A fresh seed.
pub fn fresh_seed(entropy: &mut dyn Entropy) -> [u8; SEED_BYTES] {
    let mut seed = [0; SEED_BYTES];
    entropy.fill(&mut seed);
    seed
}

/// The time step whose code this is, if it is one of the three around `now`. Whoever accepts it must spend the step.
pub fn matching_step(seed: &[u8], typed: &str, now: Timestamp) -> Option<i64> {
    let code: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    let is_code =
        code.len() == usize::from(DIGITS) && code.bytes().all(|byte| byte.is_ascii_digit());
    let now = u64::try_from(now.as_second()).ok()?;
    if !is_code || seed.len() < SEED_BYTES {
        return None;
    }
    let step = generator(seed).check(&code, now)?;
    i64::try_from(step).ok()
}

fn generator(seed: &[u8]) -> Totp {
    // `build` asks for what we give: 160 bits, six digits. Names only matter for the address, which we write ourselves.
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(STEPS_OF_GRACE)
        .with_step_duration(STEP_SECONDS)
        .with_secret(seed.to_vec())
        .build_noncompliant()
}

/// What the registration page shows.
#[derive(Debug)]
pub struct Enrolment {
    /// The seed for typing.
    pub secret_base32: SecretText,
    /// The same with its names, as a QR code.
    pub qr_svg: String,
}

/// How an authenticator takes over this seed; `None` if names too long for a QR code stand in the way.
pub fn enrolment(seed: &[u8], organization: &str, account: &str) -> Option<Enrolment> {
    let secret_base32 = Secret::new(seed.into()).to_base32();
    let organization = encode(organization);
    let address = format!(
        "otpauth://totp/{organization}:{}?secret={secret_base32}&issuer={organization}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        encode(account)
    );
    let code = QRBuilder::new(address).build().ok()?;
    Some(Enrolment {
        secret_base32: SecretText::new(secret_base32),
        qr_svg: SvgBuilder::default().to_str(&code),
    })
}

/// Percent-encoding as authenticators read it: a space is `%20`.
fn encode(text: &str) -> String {
    let short: String = text.chars().take(NAME_CHARACTERS_MAX).collect();
    url::form_urlencoded::byte_serialize(short.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

const NAME_CHARACTERS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238 appendix B, SHA-1, the last six of the eight digits.
    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn q11_a_code_is_good_for_its_step_and_one_step_around_it() {
        assert_eq!(matching_step(SEED, "287082", at(59)), Some(1));
        assert_eq!(matching_step(SEED, " 287 082 ", at(59)), Some(1));
        assert_eq!(matching_step(SEED, "287082", at(89)), Some(1));
        assert_eq!(matching_step(SEED, "287082", at(29)), Some(1));
        assert_eq!(
            matching_step(SEED, "287082", at(90)),
            None,
            "two steps late"
        );
        assert_eq!(
            matching_step(SEED, "081804", at(1_111_111_109)),
            Some(37_037_036)
        );
        for wrong in ["", "28708", "2870822", "28708x", "２８７０８２", "000000"] {
            assert_eq!(matching_step(SEED, wrong, at(59)), None, "{wrong}");
        }
    }

    #[test]
    fn q11_short_seeds_never_match() {
        assert_eq!(matching_step(b"short", "287082", at(59)), None);
    }

    #[test]
    fn an_enrolment_can_be_scanned_and_typed() {
        let enrolment = enrolment(SEED, "Contoso & Söhne", "wendy@woodgrove.example").unwrap();
        assert_eq!(
            enrolment.secret_base32.expose(),
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
        assert!(enrolment.qr_svg.starts_with("<svg"));
        assert_eq!(format!("{:?}", enrolment.secret_base32), "[redacted]");
    }
}
