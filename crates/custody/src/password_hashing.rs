//! Password hashing with argon2id, a bounded number at a time so that a flood of passwords starves nobody.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use icu_normalizer::ComposingNormalizerBorrowed;
use portcullis_model::entropy::Entropy as _;
use portcullis_model::id::TenantId;
use portcullis_model::secret::SecretText;
use portcullis_signin::house::{PasswordVerdict, Passwords, PasswordsBusy};
use tokio::sync::oneshot;

use crate::fair_queue::{FairQueue, Offered};
use crate::system_entropy::SystemEntropy;

/// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LENGTH_BYTES: usize = 16;

/// A longer password is wrong without being hashed (requirement Q02).
pub const PASSWORD_LENGTH_BYTES_MAX: usize = 512;

/// Hashes and checks passwords. A few threads of its own do the work, so that its memory (19 MiB each) is theirs for good
/// and no other work waits behind it; at most `queue` checks wait, others are told to come back. Tenants take turns and
/// share the queue, so that a flood on one is felt by its own people only (requirement U17).
pub struct PasswordHashing {
    argon2: Argon2<'static>,
    line: Arc<Line>,
    decoy: String,
}

/// The checks that wait, and the bell that wakes a worker.
struct Line {
    state: Mutex<LineState>,
    bell: Condvar,
}

struct LineState {
    waiting: FairQueue<TenantId, Check>,
    is_closed: bool,
}

/// One check on its way to a worker.
struct Check {
    hash: String,
    typed: Normalised,
    answer: oneshot::Sender<PasswordVerdict>,
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("cannot hash a password: {0}")]
pub struct HashingError(String);

impl PasswordHashing {
    /// A checker with this many threads and `queue` checks waiting behind them. The threads end with it.
    pub fn new(workers: usize, queue: usize) -> Result<Self, HashingError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .map_err(|error| HashingError(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = Normalised::new(&SecretText::new(DECOY));
        let decoy = hash_with(&argon2, &decoy)?;
        let hashing = Self {
            argon2,
            line: Arc::new(Line::new(queue)),
            decoy,
        };
        for number in 0..workers.max(1) {
            let (argon2, line) = (hashing.argon2.clone(), Arc::clone(&hashing.line));
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&argon2, &line))
                .map_err(|error| HashingError(error.to_string()))?;
        }
        Ok(hashing)
    }

    /// A PHC string for a new password, with current parameters and a fresh salt.
    pub fn hash(&self, password: &SecretText) -> Result<String, HashingError> {
        if password.expose().len() > PASSWORD_LENGTH_BYTES_MAX {
            return Err(HashingError(format!(
                "a password has at most {PASSWORD_LENGTH_BYTES_MAX} bytes"
            )));
        }
        hash_with(&self.argon2, &Normalised::new(password))
    }

    /// Whether `typed` is the password behind `hash`; blocks for some twenty milliseconds.
    pub fn is_password(&self, hash: &str, typed: &SecretText) -> bool {
        let typed = Normalised::new(typed);
        PasswordHash::new(hash)
            .is_ok_and(|hash| self.argon2.verify_password(typed.octets(), &hash).is_ok())
    }
}

/// The password of accounts that do not exist; nobody gets in by it.
const DECOY: &str = "the password of an account that does not exist";

/// A password as it is hashed, however the keyboard wrote it; the only form that argon2 is given (requirement Q05).
///
/// The form is that of RFC 8265 §4.2 (`OpaqueString`): every space is the ASCII one, letters and their marks are composed
/// (NFC). Not NFKC, which would make `²` and `2` the same and so a password weaker than it was typed.
struct Normalised(SecretText);

impl Normalised {
    fn new(password: &SecretText) -> Self {
        let is_space = |character: char| {
            // General category Zs; line ends and tabs are in none of its members.
            matches!(
                character,
                ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
                    ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
            )
        };
        let spaced = password
            .expose()
            .chars()
            .map(|character| if is_space(character) { ' ' } else { character });
        let mut spaced_text = String::with_capacity(password.expose().len());
        spaced_text.extend(spaced);
        let spaced = SecretText::new(spaced_text);
        let composed = ComposingNormalizerBorrowed::new_nfc().normalize(spaced.expose());
        Self(SecretText::new(composed))
    }

    fn octets(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

impl Drop for PasswordHashing {
    fn drop(&mut self) {
        self.line.lock().is_closed = true;
        self.line.bell.notify_all();
    }
}

impl Line {
    fn new(room: usize) -> Self {
        let state = LineState {
            waiting: FairQueue::new(room),
            is_closed: false,
        };
        Self {
            state: Mutex::new(state),
            bell: Condvar::new(),
        }
    }

    /// Nothing that holds the lock can leave the state half changed, so a panic elsewhere does not spoil it.
    fn lock(&self) -> std::sync::MutexGuard<'_, LineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offer(&self, tenant: TenantId, check: Check) -> Offered {
        let offered = self.lock().waiting.offer(tenant, check);
        self.bell.notify_one();
        offered
    }

    /// Waits for the next check; `None` when nobody can ask any more.
    fn next(&self) -> Option<Check> {
        let mut state = self.lock();
        loop {
            if let Some(check) = state.waiting.take() {
                return Some(check);
            }
            if state.is_closed {
                return None;
            }
            state = self
                .bell
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn hash_with(argon2: &Argon2<'_>, password: &Normalised) -> Result<String, HashingError> {
    let mut salt = [0; SALT_LENGTH_BYTES];
    SystemEntropy::new().fill(&mut salt);
    argon2
        .hash_password_with_salt(password.octets(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| HashingError(error.to_string()))
}

/// Whether a hash was made with other parameters than today's.
fn is_outdated(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return true;
    };
    let today = [("m", MEMORY_KIB), ("t", PASSES), ("p", LANES)];
    hash.algorithm.as_str() != "argon2id"
        || today
            .iter()
            .any(|(name, value)| hash.params.get_decimal(*name) != Some(*value))
}

/// A worker: one check after the other, until nobody can ask any more.
fn work(argon2: &Argon2<'_>, line: &Line) {
    while let Some(next) = line.next() {
        // Whoever asked has hung up: the work would be for nobody.
        if !next.answer.is_closed() {
            let _ = next.answer.send(check(argon2, &next.hash, &next.typed));
        }
    }
}

/// The work of one check.
fn check(argon2: &Argon2<'_>, hash: &str, typed: &Normalised) -> PasswordVerdict {
    let Ok(parsed) = PasswordHash::new(hash) else {
        return PasswordVerdict::Wrong;
    };
    match argon2.verify_password(typed.octets(), &parsed) {
        Err(_) => PasswordVerdict::Wrong,
        Ok(()) if is_outdated(hash) => hash_with(argon2, typed)
            .map_or(PasswordVerdict::Right, PasswordVerdict::RightButOutdated),
        Ok(()) => PasswordVerdict::Right,
    }
}

#[async_trait]
impl Passwords for PasswordHashing {
    async fn verify(
        &self,
        tenant: TenantId,
        hash: Option<String>,
        typed: SecretText,
    ) -> Result<PasswordVerdict, PasswordsBusy> {
        const BUSY: PasswordsBusy = PasswordsBusy {
            retry_after_seconds: 2,
        };
        if typed.expose().len() > PASSWORD_LENGTH_BYTES_MAX {
            return Ok(PasswordVerdict::Wrong);
        }
        let is_real = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let (answer, verdict) = oneshot::channel();
        let check = Check {
            hash,
            typed: Normalised::new(&typed),
            answer,
        };
        match self.line.offer(tenant, check) {
            Offered::Waits => {}
            Offered::Full => return Err(BUSY),
        }
        // A check that had to make room for another tenant's is dropped without a verdict.
        let verdict = verdict.await.map_err(|_| BUSY)?;
        Ok(if is_real {
            verdict
        } else {
            PasswordVerdict::Wrong
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: u8) -> TenantId {
        format!("{number:08x}-0000-4000-8000-000000000001")
            .parse()
            .unwrap()
    }

    fn secret(text: &str) -> SecretText {
        SecretText::new(text)
    }

    #[tokio::test]
    async fn q01_every_byte_of_a_password_counts() {
        let hashing = PasswordHashing::new(2, 100).unwrap();
        for length in [1, 15, 64, 72, 73, 128, PASSWORD_LENGTH_BYTES_MAX] {
            let right = "a".repeat(length);
            let hash = hashing.hash(&secret(&right)).unwrap();
            let verdict =
                |typed: String| hashing.verify(tenant(1), Some(hash.clone()), secret(&typed));
            assert_eq!(verdict(right.clone()).await, Ok(PasswordVerdict::Right));
            let mut last = right.clone();
            last.replace_range(length - 1.., "b");
            assert_eq!(verdict(last).await, Ok(PasswordVerdict::Wrong), "{length}");
            assert_eq!(
                verdict(right + "a").await,
                Ok(PasswordVerdict::Wrong),
                "{length}"
            );
        }
    }

    #[tokio::test]
    async fn q05_the_same_password_from_two_keyboards_is_the_same() {
        let hashing = PasswordHashing::new(2, 100).unwrap();
        // One key, or a letter and its marks in either order; the space bar, or the space of Option and AltGr; a syllable of
        // three jamo, or one; the unit, or the letter it stands for.
        let same = [
            ("Zürich-läuft", "Zu\u{308}rich-la\u{308}uft"),
            ("ự", "u\u{323}\u{31b}"),
            ("correct horse", "correct\u{a0}horse"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
            ("Å", "\u{212b}"),
        ];
        for (one, other) in same {
            for (set, typed) in [(one, other), (other, one), (other, other)] {
                let hash = hashing.hash(&secret(set)).unwrap();
                assert!(hashing.is_password(&hash, &secret(typed)), "{one}");
                let verdict = hashing.verify(tenant(1), Some(hash), secret(typed)).await;
                assert_eq!(verdict, Ok(PasswordVerdict::Right), "{one}");
            }
        }
        // What only looks alike stays different: nothing of a password is folded away.
        let different = [
            ("x²", "x2"),
            ("ﬁsh", "fish"),
            ("Ａ", "A"),
            ("a b", "ab"),
            ("É", "E"),
        ];
        for (one, other) in different {
            let hash = hashing.hash(&secret(one)).unwrap();
            let verdict = hashing.verify(tenant(1), Some(hash), secret(other)).await;
            assert_eq!(verdict, Ok(PasswordVerdict::Wrong), "{one}");
        }
    }

    #[tokio::test]
    async fn q05_a_hash_with_newer_parameters_is_of_the_same_form() {
        let hashing = PasswordHashing::new(1, 10).unwrap();
        let params = Params::new(8, 1, 1, None).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let old = hash_with(&weak, &Normalised::new(&secret("Zürich"))).unwrap();
        let verdict = hashing
            .verify(tenant(1), Some(old), secret("Zu\u{308}rich"))
            .await;
        let Ok(PasswordVerdict::RightButOutdated(new)) = verdict else {
            panic!("{verdict:?}");
        };
        assert!(hashing.is_password(&new, &secret("Zürich")));
    }

    #[tokio::test]
    async fn q19_an_account_that_does_not_exist_is_always_wrong() {
        let hashing = PasswordHashing::new(2, 100).unwrap();
        for typed in ["", DECOY] {
            assert_eq!(
                hashing.verify(tenant(1), None, secret(typed)).await,
                Ok(PasswordVerdict::Wrong)
            );
        }
    }

    #[tokio::test]
    async fn q20_a_flood_is_told_to_come_back() {
        let hashing = PasswordHashing::new(1, 2).unwrap();
        let mut flood = tokio::task::JoinSet::new();
        let hashing = Arc::new(hashing);
        for _ in 0..20 {
            let hashing = Arc::clone(&hashing);
            flood.spawn(async move { hashing.verify(tenant(1), None, secret("x")).await });
        }
        let answers = flood.join_all().await;
        assert!(answers.iter().any(Result::is_err), "nobody was turned away");
        assert!(answers.iter().any(Result::is_ok), "nobody was let in");
    }

    #[tokio::test]
    async fn u17_a_flood_of_passwords_on_one_tenant_is_not_felt_in_another() {
        let hashing = Arc::new(PasswordHashing::new(1, 8).unwrap());
        let mut flood = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let hashing = Arc::clone(&hashing);
            flood.spawn(async move { hashing.verify(tenant(1), None, secret("x")).await });
        }
        // Every check of the flood is in the queue or was turned away before the neighbour comes.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let neighbour = hashing.verify(tenant(2), None, secret("x")).await;
        assert_eq!(neighbour, Ok(PasswordVerdict::Wrong));
        let still_waiting = flood.len() - std::iter::from_fn(|| flood.try_join_next()).count();
        assert!(
            still_waiting > 2,
            "the neighbour waited for the whole flood"
        );
    }

    #[tokio::test]
    async fn its_threads_end_with_it() {
        let hashing = PasswordHashing::new(2, 1).unwrap();
        let line = Arc::downgrade(&hashing.line);
        drop(hashing);
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while line.strong_count() > 0 {
            assert!(std::time::Instant::now() < until, "a thread goes on");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn an_old_hash_is_replaced_and_a_broken_one_is_never_right() {
        let hashing = PasswordHashing::new(1, 10).unwrap();
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8, 1, 1, None).unwrap(),
        );
        let old = hash_with(&weak, &Normalised::new(&secret("right"))).unwrap();
        match hashing.verify(tenant(1), Some(old), secret("right")).await {
            Ok(PasswordVerdict::RightButOutdated(new)) => assert!(!is_outdated(&new)),
            other => panic!("{other:?}"),
        }
        for broken in ["", "right", "$argon2id$", "$2b$12$abc"] {
            assert_eq!(
                hashing
                    .verify(tenant(1), Some(broken.to_owned()), secret("right"))
                    .await,
                Ok(PasswordVerdict::Wrong)
            );
        }
    }
}
