//! Every signature of Project Wycheproof that is of one of our algorithms, verified as a token's would be.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::VerificationKey;

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    jwk: Map<String, Value>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "tcId")]
    number: u32,
    msg: String,
    sig: String,
    result: Verdict,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum Verdict {
    Valid,
    /// Some verifiers take it; we need not.
    Acceptable,
    Invalid,
}

fn octets(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(octet).collect()
}

/// How many signatures were taken, and how many refused, each as it must be.
fn verdicts(text: &str) -> (usize, usize) {
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for group in vectors.groups {
        let key = VerificationKey::from_jwk(&group.jwk);
        // A key with a small exponent is refused whole, and so whatever it signed.
        assert_eq!(key.is_err(), group.jwk.get("e").is_some_and(|e| e == "Aw"));
        for vector in group.tests {
            let (message, signature) = (octets(&vector.msg), octets(&vector.sig));
            let verifies = key
                .as_ref()
                .is_ok_and(|key| key.verifies(&message, &signature));
            match vector.result {
                Verdict::Valid if key.is_ok() => assert!(verifies, "{}", vector.number),
                Verdict::Invalid => assert!(!verifies, "{}", vector.number),
                Verdict::Valid | Verdict::Acceptable => {}
            }
            *if verifies { &mut taken } else { &mut refused } += 1;
        }
    }
    (taken, refused)
}

#[test]
fn g09_wycheproof_es256() {
    let text = include_str!("../../../test-vectors/es256.json");
    assert_eq!(verdicts(text), (173, 89));
}

#[test]
fn g09_wycheproof_rs256() {
    let text = include_str!("../../../test-vectors/rs256.json");
    let (taken, refused) = verdicts(text);
    assert_eq!(taken + refused, 259);
    assert!((7..=9).contains(&taken), "{taken}");
}

#[test]
fn g09_wycheproof_ps256() {
    let text = include_str!("../../../test-vectors/ps256.json");
    assert_eq!(verdicts(text), (63, 45));
}
