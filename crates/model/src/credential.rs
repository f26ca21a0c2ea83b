//! What proves a person or an application, and the record of failed attempts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::{ClientId, MethodId, UserId};
use crate::secret::SealedSecret;

/// How somebody proved who they are (Graph `authenticationMethodModes`). Not every method can be proven here yet; a home
/// tenant or a What If may speak of any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[repr(u32)]
pub enum AuthenticationMethod {
    /// A password.
    Password = 1,
    /// A phone call.
    Voice = 2,
    /// A code of a hardware token.
    HardwareOath = 4,
    /// A time-based code of a software authenticator (TOTP).
    SoftwareOath = 8,
    /// A text message.
    Sms = 16,
    /// A passkey or security key.
    Fido2 = 32,
    /// Windows Hello for Business, which counts only as the first thing shown.
    WindowsHelloForBusiness = 64,
    /// A push notification confirmed in an authenticator.
    MicrosoftAuthenticatorPush = 128,
    /// Phone sign-in with an authenticator, without password.
    DeviceBasedPush = 256,
    /// A temporary access pass for one use.
    TemporaryAccessPassOneTime = 512,
    /// A temporary access pass for several uses.
    TemporaryAccessPassMultiUse = 1024,
    /// A one-time passcode by mail: a first factor of guests, never a second one (decision 8).
    Email = 2048,
    /// A certificate that counts as one factor.
    X509CertificateSingleFactor = 4096,
    /// A certificate that counts as two factors.
    X509CertificateMultiFactor = 8192,
    /// A federated identity provider's word for one factor.
    FederatedSingleFactor = 16384,
    /// A federated identity provider's word for two factors.
    FederatedMultiFactor = 32768,
    /// A QR code with a PIN.
    QrCodePin = 131_072,
}

impl AuthenticationMethod {
    /// All of them, in Graph's order.
    pub const ALL: [Self; 17] = [
        Self::Password,
        Self::Voice,
        Self::HardwareOath,
        Self::SoftwareOath,
        Self::Sms,
        Self::Fido2,
        Self::WindowsHelloForBusiness,
        Self::MicrosoftAuthenticatorPush,
        Self::DeviceBasedPush,
        Self::TemporaryAccessPassOneTime,
        Self::TemporaryAccessPassMultiUse,
        Self::Email,
        Self::X509CertificateSingleFactor,
        Self::X509CertificateMultiFactor,
        Self::FederatedSingleFactor,
        Self::FederatedMultiFactor,
        Self::QrCodePin,
    ];

    /// What it counts as (specification 2.9).
    pub const fn factor(self) -> Factor {
        match self {
            Self::Password
            | Self::Email
            | Self::X509CertificateSingleFactor
            | Self::FederatedSingleFactor
            | Self::QrCodePin => Factor::First,
            Self::Voice
            | Self::HardwareOath
            | Self::SoftwareOath
            | Self::Sms
            | Self::MicrosoftAuthenticatorPush => Factor::Second,
            Self::Fido2
            | Self::WindowsHelloForBusiness
            | Self::DeviceBasedPush
            | Self::TemporaryAccessPassOneTime
            | Self::TemporaryAccessPassMultiUse
            | Self::X509CertificateMultiFactor
            | Self::FederatedMultiFactor => Factor::Both,
        }
    }

    /// Graph's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Voice => "voice",
            Self::HardwareOath => "hardwareOath",
            Self::SoftwareOath => "softwareOath",
            Self::Sms => "sms",
            Self::Fido2 => "fido2",
            Self::WindowsHelloForBusiness => "windowsHelloForBusiness",
            Self::MicrosoftAuthenticatorPush => "microsoftAuthenticatorPush",
            Self::DeviceBasedPush => "deviceBasedPush",
            Self::TemporaryAccessPassOneTime => "temporaryAccessPassOneTime",
            Self::TemporaryAccessPassMultiUse => "temporaryAccessPassMultiUse",
            Self::Email => "email",
            Self::X509CertificateSingleFactor => "x509CertificateSingleFactor",
            Self::X509CertificateMultiFactor => "x509CertificateMultiFactor",
            Self::FederatedSingleFactor => "federatedSingleFactor",
            Self::FederatedMultiFactor => "federatedMultiFactor",
            Self::QrCodePin => "qrCodePin",
        }
    }
}

/// What a method counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Factor {
    /// It begins a sign-in.
    First,
    /// It is shown after a first factor.
    Second,
    /// It is both at once.
    Both,
}

/// A set of methods; Graph writes it as one text, for instance `password,softwareOath`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthenticationMethods(u32);

impl AuthenticationMethods {
    /// No method.
    pub const NONE: Self = Self(0);

    /// These methods.
    pub const fn of<const N: usize>(list: [AuthenticationMethod; N]) -> Self {
        let mut set = Self::NONE;
        let mut rest: &[AuthenticationMethod] = &list;
        while let [one, others @ ..] = rest {
            set = set.with(*one);
            rest = others;
        }
        set
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, one: AuthenticationMethod) -> Self {
        Self(self.0 | one as u32)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many methods are in the set.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the method is in the set.
    pub const fn contains(self, one: AuthenticationMethod) -> bool {
        self.0 & one as u32 != 0
    }

    /// Whether all of `other` are in this set; true for an empty `other`.
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no method is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The methods of the set, in Graph's order.
    pub fn iter(self) -> impl Iterator<Item = AuthenticationMethod> {
        AuthenticationMethod::ALL
            .into_iter()
            .filter(move |one| self.contains(*one))
    }
}

/// A text that is no list of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of authentication methods (such as `password,softwareOath`)")]
pub struct AuthenticationMethodsError;

impl FromStr for AuthenticationMethods {
    type Err = AuthenticationMethodsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').try_fold(Self::NONE, |set, name| {
            let mut all = AuthenticationMethod::ALL.into_iter();
            let method = all.find(|one| one.name().eq_ignore_ascii_case(name.trim()));
            method
                .map(|one| set.with(one))
                .ok_or(AuthenticationMethodsError)
        })
    }
}

impl fmt::Display for AuthenticationMethods {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, method) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(formatter, "{separator}{}", method.name())?;
        }
        Ok(())
    }
}

/// A user's password: an argon2id string in PHC form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCredential {
    /// Whose.
    pub user: UserId,
    /// The PHC string.
    pub hash: String,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// A confirmed TOTP authenticator (Graph `softwareOathAuthenticationMethod`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpCredential {
    /// The method's id.
    pub id: MethodId,
    /// Whose.
    pub user: UserId,
    /// The sealed seed (at least 160 bits).
    pub seed: SealedSecret,
    /// The last time step that was accepted: a code is used once (requirement Q11).
    pub last_step: i64,
    /// When it was confirmed.
    pub created_at: Timestamp,
}

/// A client secret: SHA-256, since secrets are generated with at least 128 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// Whose.
    pub client: ClientId,
    /// SHA-256 of the secret.
    pub hash: crate::secret::TokenHash,
    /// The first three characters, to tell secrets apart.
    pub hint: String,
    /// Refused from then on.
    pub expires_at: Option<Timestamp>,
}

/// What failed attempts are counted against.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ThrottleKey {
    /// A name that was typed, whether or not an account has it: nothing tells them apart.
    Name(crate::user::CanonicalName),
    /// The second factor of a user, across all paths (requirement Q08).
    SecondFactor(UserId),
    /// An address: IPv4 as it is, IPv6 by its /64.
    Address(String),
    /// A client that authenticates.
    Client(ClientId),
    /// Rows of refusals that cost nobody an attempt, by the network they come from: they must not fill the log.
    Refusal(String),
}

impl ThrottleKey {
    /// One text per key, with a prefix a key of another kind never has.
    pub fn text(&self) -> String {
        match self {
            Self::Name(name) => format!("name:{}", name.as_str()),
            Self::SecondFactor(user) => format!("second-factor:{user}"),
            Self::Address(address) => format!("address:{address}"),
            Self::Client(client) => format!("client:{client}"),
            Self::Refusal(network) => format!("refusal:{network}"),
        }
    }
}

/// Failed attempts of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Attempts charged since the last success.
    pub attempts: u32,
    /// When the last one was charged.
    pub last_at: Timestamp,
    /// Refused until then.
    pub locked_until: Option<Timestamp>,
}
