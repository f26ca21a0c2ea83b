//! What was proven in a sign-in, from the steps its row tells of: what is sure, and what may have been proven besides.
//!
//! The words of a log are fewer than the methods: "OATH verification code" is two of them, "Previously satisfied" may be any.
//! Where no policy tells the methods apart, that does not matter, and nothing is missing.

use portcullis_model::Timestamp;
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods, Factor};
use portcullis_model::id::TenantId;
use portcullis_policy::facts::{Authenticator, Proof};

use super::missing::{Missing, MissingSet};
use super::row::{Row, Step, said};

use AuthenticationMethod as M;

/// Where proofs are given, and what of them matters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proving {
    /// Where the first factor is proven.
    pub(super) home: TenantId,
    /// The tenant whose application is reached.
    pub(super) resource: TenantId,
    /// Where a second factor counts, as the policies before say.
    pub(super) accepted: TenantId,
    /// When.
    pub(super) at: Timestamp,
    /// The methods that some strength tells from others.
    pub(super) told_apart: AuthenticationMethods,
    /// Whether the row is ours, which tells of every proof.
    pub(super) log: Log,
    /// How the sign-in ended.
    pub(super) ended: Ended,
}

/// Whose log a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    /// Ours.
    Own,
    /// Somebody else's, or nobody knows.
    Other,
}

/// How a sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With a token.
    LetIn,
    /// Otherwise, or nobody knows.
    Otherwise,
}

/// What was proven.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Proven {
    /// Surely.
    pub(super) sure: Vec<Proof>,
    /// Perhaps, besides or instead.
    pub(super) perhaps: Vec<Proof>,
    /// What the row would have to say for these to be the same.
    pub(super) missing: MissingSet,
}

impl Proven {
    pub(super) fn of(row: &Row<'_>, proving: Proving) -> Self {
        let mut proven = Self::default();
        let steps = row.authentication_details.iter().flatten();
        for step in steps.filter(|step| step.succeeded == Some(true)) {
            proven.take(&StepSaid::of(step, proving.log), proving);
        }
        if row
            .authentication_details
            .as_ref()
            .is_none_or(Vec::is_empty)
        {
            for method in row.authentication_methods_used.iter().flatten() {
                if let Some(methods) = methods_of(method.as_str()) {
                    proven.take(&StepSaid::method(methods), proving);
                }
            }
        }
        proven.suppose_first_factor(proving);
        proven.conclude_mfa(row, proving);
        proven
    }

    fn take(&mut self, step: &StepSaid, proving: Proving) {
        let at = step.at.unwrap_or(proving.at);
        let tenant = match step.place {
            Place::Home => proving.home,
            Place::Resource => proving.resource,
            Place::Accepted => proving.accepted,
        };
        let proof = |method| proof(method, tenant, at);
        if step.is_undated {
            self.missing.add(Missing::ProofAge);
        }
        if let [method] = step.methods {
            self.add_sure(proof(*method), step);
            return;
        }
        let (first, second) = stand_ins(proving.told_apart);
        let factors = || step.methods.iter().map(|method| method.factor());
        let is_both = factors().any(|factor| factor == Factor::Both);
        let is_first = factors().any(|factor| factor == Factor::First);
        let matters = step
            .methods
            .iter()
            .any(|method| proving.told_apart.contains(*method));
        if is_first && is_both {
            self.missing.add(Missing::Mfa);
        }
        if matters {
            self.missing.add(Missing::Method);
        }
        let sure = match (is_first, matters) {
            (true, _) => first,
            (false, true) => second,
            (false, false) => step.methods.first().copied(),
        };
        if let Some(method) = sure {
            self.add_sure(proof(method), step);
        }
        if matters || (is_first && is_both) {
            self.perhaps.extend(step.methods.iter().copied().map(proof));
        }
    }

    /// What is only known to have been proven at some time counts as old, if that matters.
    fn add_sure(&mut self, proof: Proof, step: &StepSaid) {
        if step.is_undated {
            self.perhaps.push(proof.clone());
            let long_ago = Timestamp::UNIX_EPOCH;
            self.sure.push(Proof {
                at: long_ago,
                ..proof
            });
        } else {
            self.sure.push(proof);
        }
    }

    /// The policies are asked once the first factor is proven (specification 5.1): a row that came so far had one.
    fn suppose_first_factor(&mut self, proving: Proving) {
        let is_first = |proof: &Proof| match proof.method.factor() {
            Factor::First | Factor::Both => proof.tenant == proving.home,
            Factor::Second => false,
        };
        if !self.sure.iter().any(is_first) {
            self.take(&StepSaid::earlier(FIRST, Place::Home), proving);
        }
    }

    fn conclude_mfa(&mut self, row: &Row<'_>, proving: Proving) {
        let is_second = |proof: &Proof| match proof.method.factor() {
            Factor::Second | Factor::Both => proof.tenant == proving.accepted,
            Factor::First => false,
        };
        if self.sure.iter().any(is_second) {
            return;
        }
        let requirement = said(row.authentication_requirement.as_ref());
        let was_demanded = requirement == Some("multiFactorAuthentication");
        if was_demanded && proving.ended == Ended::LetIn {
            // It was demanded and met, and nobody says how.
            self.take(&StepSaid::earlier(SECOND, Place::Accepted), proving);
            return;
        }
        // A row with a method that was used now tells of all of them; a claim of an earlier token may hold more than was asked for.
        let mut steps = row.authentication_details.iter().flatten();
        let is_whole = steps.any(|step| {
            let text = said(step.authentication_method.as_ref());
            proving.log == Log::Own || text.is_some_and(|text| methods_of(text).is_some())
        });
        if is_whole {
            return;
        }
        self.missing.add(Missing::Mfa);
        for tenant in [proving.home, proving.resource] {
            let all = SECOND.iter();
            self.perhaps
                .extend(all.map(|method| proof(*method, tenant, proving.at)));
        }
    }
}

/// One step in our words.
struct StepSaid {
    /// Any of these; one where the log says which.
    methods: &'static [AuthenticationMethod],
    place: Place,
    at: Option<Timestamp>,
    /// The time of the step is not the time of the proof.
    is_undated: bool,
}

#[derive(Clone, Copy)]
enum Place {
    Home,
    Resource,
    Accepted,
}

impl StepSaid {
    fn of(step: &Step<'_>, log: Log) -> Self {
        let requirement = said(step.authentication_step_requirement.as_ref());
        let is_primary = requirement.is_none_or(|text| text.starts_with("Primary"));
        let at = step.authentication_step_date_time;
        if let Some((method, place)) = own_detail(step) {
            return Self {
                methods: method,
                place,
                at,
                is_undated: false,
            };
        }
        let text = said(step.authentication_method.as_ref());
        match (text.and_then(methods_of), is_primary) {
            (Some(methods), is_primary) => Self {
                methods,
                place: if is_primary {
                    Place::Home
                } else {
                    Place::Resource
                },
                at,
                is_undated: at.is_none(),
            },
            (None, is_primary) => Self {
                at,
                is_undated: log == Log::Other,
                ..Self::earlier(
                    if is_primary { FIRST } else { SECOND },
                    if is_primary {
                        Place::Home
                    } else {
                        Place::Accepted
                    },
                )
            },
        }
    }

    /// A method that was used, and nothing else is said.
    fn method(methods: &'static [AuthenticationMethod]) -> Self {
        let is_second = methods
            .iter()
            .all(|method| method.factor() == Factor::Second);
        Self {
            methods,
            place: if is_second {
                Place::Accepted
            } else {
                Place::Home
            },
            at: None,
            is_undated: false,
        }
    }

    /// Some method, at some time before.
    const fn earlier(methods: &'static [AuthenticationMethod], place: Place) -> Self {
        Self {
            methods,
            place,
            at: None,
            is_undated: true,
        }
    }
}

/// Whatever begins a sign-in.
const FIRST: &[AuthenticationMethod] = &[
    M::Password,
    M::FederatedSingleFactor,
    M::Email,
    M::X509CertificateSingleFactor,
    M::QrCodePin,
    M::Fido2,
    M::WindowsHelloForBusiness,
    M::DeviceBasedPush,
    M::TemporaryAccessPassOneTime,
    M::TemporaryAccessPassMultiUse,
    M::X509CertificateMultiFactor,
    M::FederatedMultiFactor,
];

/// Whatever makes two factors of one.
const SECOND: &[AuthenticationMethod] = &[
    M::Sms,
    M::Voice,
    M::SoftwareOath,
    M::HardwareOath,
    M::MicrosoftAuthenticatorPush,
    M::Fido2,
    M::WindowsHelloForBusiness,
    M::DeviceBasedPush,
    M::TemporaryAccessPassOneTime,
    M::TemporaryAccessPassMultiUse,
    M::X509CertificateMultiFactor,
    M::FederatedMultiFactor,
];

/// Methods that stand for a first and a second factor of which nothing else is known: such as no strength asks for.
fn stand_ins(told_apart: AuthenticationMethods) -> (Option<M>, Option<M>) {
    let free = |methods: [M; 3]| methods.into_iter().find(|one| !told_apart.contains(*one));
    (
        // Without a first factor nothing counts, so a password stands in where a strength names the others too.
        free([M::FederatedSingleFactor, M::Password, M::Email]).or(Some(M::Email)),
        free([M::Sms, M::Voice, M::MicrosoftAuthenticatorPush]),
    )
}

const fn proof(method: AuthenticationMethod, tenant: TenantId, at: Timestamp) -> Proof {
    Proof {
        tenant,
        method,
        at,
        authenticator: Authenticator::Unnamed,
    }
}

/// What our own log adds: Graph's name of the method, and whether it was proven in the home tenant.
fn own_detail(step: &Step<'_>) -> Option<(&'static [AuthenticationMethod], Place)> {
    let text = said(step.authentication_method_detail.as_ref())?;
    let (name, place) = match text.strip_suffix(" in the home tenant") {
        Some(name) => (name, Place::Home),
        None => (text, Place::Resource),
    };
    let index = M::ALL.iter().position(|method| method.name() == name)?;
    Some((M::ALL.get(index..=index)?, place))
}

/// The methods that a log means by a word; `None`: it names none.
fn methods_of(text: &str) -> Option<&'static [AuthenticationMethod]> {
    const WORDS: [(&[&str], &[AuthenticationMethod]); 15] = [
        (&["Password"], &[M::Password]),
        (
            &["Phone call", "Phone call approval", "Voice call"],
            &[M::Voice],
        ),
        (
            &["OATH verification code", "OATH code"],
            &[M::SoftwareOath, M::HardwareOath],
        ),
        (
            &["OATH software token", "Software OATH token"],
            &[M::SoftwareOath],
        ),
        (
            &["OATH hardware token", "Hardware OATH token"],
            &[M::HardwareOath],
        ),
        (&["Text message", "SMS"], &[M::Sms]),
        (&["Passkey", "FIDO2 security key"], &[M::Fido2]),
        (
            &["Windows Hello for Business"],
            &[M::WindowsHelloForBusiness],
        ),
        (
            &["Mobile app notification"],
            &[M::MicrosoftAuthenticatorPush],
        ),
        (
            &["Phone sign-in", "Passwordless phone sign-in"],
            &[M::DeviceBasedPush],
        ),
        (
            &["Temporary Access Pass"],
            &[
                M::TemporaryAccessPassOneTime,
                M::TemporaryAccessPassMultiUse,
            ],
        ),
        (&["Email one-time passcode", "Email OTP"], &[M::Email]),
        (
            &["X.509 certificate", "Certificate", "X509"],
            &[
                M::X509CertificateSingleFactor,
                M::X509CertificateMultiFactor,
            ],
        ),
        (
            &["Federated"],
            &[M::FederatedSingleFactor, M::FederatedMultiFactor],
        ),
        (&["QR code"], &[M::QrCodePin]),
    ];
    let begins_with = |word: &str| {
        let start = text.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let mut words = WORDS.iter();
    let found = words.find(|(words, _)| words.iter().any(|word| begins_with(word)));
    found.map(|(_, methods)| *methods)
}
