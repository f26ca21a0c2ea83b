//! Authentication strengths: which combinations of methods are strong enough (Graph `authenticationStrengthPolicy`).

mod document;
#[cfg(test)]
mod tests;

use uuid::Uuid;

use crate::credential::{AuthenticationMethod, AuthenticationMethods};
use crate::document::Document;
use crate::id::AuthenticationStrengthId;

/// Graph `authenticationStrengthPolicy`, validated.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthenticationStrengthPolicy {
    /// The object id.
    pub id: AuthenticationStrengthId,
    /// The name people see.
    pub display_name: String,
    /// What is strong enough: all methods of any one of these; at least one.
    pub allowed_combinations: Vec<AuthenticationMethods>,
    /// What else some combinations demand.
    pub combination_configurations: Vec<CombinationConfiguration>,
    /// The document as it was given, for export without loss.
    pub document: Document,
}

/// Graph `authenticationCombinationConfiguration`: restricts the combinations it applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinationConfiguration {
    /// The combinations it restricts.
    pub applies_to_combinations: Vec<AuthenticationMethods>,
    /// How.
    pub restriction: CombinationRestriction,
}

/// What a combination demands beside its methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CombinationRestriction {
    /// The security key's model is one of these (Graph `fido2CombinationConfiguration`).
    Fido2 {
        /// Authenticator attestation GUIDs.
        allowed_aaguids: Vec<Uuid>,
    },
    /// The certificate is of one of these issuers and under one of these policies (Graph
    /// `x509CertificateCombinationConfiguration`); an empty list demands nothing.
    X509Certificate {
        /// Subject key identifiers of issuers, hexadecimal.
        allowed_issuer_skis: Vec<String>,
        /// Certificate policies.
        allowed_policy_oids: Vec<String>,
    },
}

use AuthenticationMethod as M;

const fn methods<const N: usize>(list: [M; N]) -> AuthenticationMethods {
    AuthenticationMethods::of(list)
}

/// Everything that counts as multifactor authentication: the combinations of the built-in strength (specification 2.9).
const MULTIFACTOR: [AuthenticationMethods; 19] = [
    methods([M::WindowsHelloForBusiness]),
    methods([M::Fido2]),
    methods([M::X509CertificateMultiFactor]),
    methods([M::DeviceBasedPush]),
    methods([M::TemporaryAccessPassOneTime]),
    methods([M::TemporaryAccessPassMultiUse]),
    methods([M::Password, M::MicrosoftAuthenticatorPush]),
    methods([M::Password, M::SoftwareOath]),
    methods([M::Password, M::HardwareOath]),
    methods([M::Password, M::X509CertificateSingleFactor]),
    methods([M::Password, M::X509CertificateMultiFactor]),
    methods([M::Password, M::Sms]),
    methods([M::Password, M::Voice]),
    methods([M::FederatedMultiFactor]),
    methods([M::MicrosoftAuthenticatorPush, M::FederatedSingleFactor]),
    methods([M::SoftwareOath, M::FederatedSingleFactor]),
    methods([M::HardwareOath, M::FederatedSingleFactor]),
    methods([M::Sms, M::FederatedSingleFactor]),
    methods([M::Voice, M::FederatedSingleFactor]),
];

/// Combinations of a single factor, which a custom strength may allow as well.
const SINGLE_FACTOR: [AuthenticationMethods; 5] = [
    methods([M::Password]),
    methods([M::Sms]),
    methods([M::X509CertificateSingleFactor]),
    methods([M::FederatedSingleFactor]),
    methods([M::QrCodePin]),
];

/// One of the three strengths that every tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltInStrength {
    /// Its id, the same everywhere.
    pub id: AuthenticationStrengthId,
    /// Its name.
    pub display_name: &'static str,
    /// What it allows.
    pub allowed_combinations: &'static [AuthenticationMethods],
}

impl BuiltInStrength {
    /// All three.
    pub const ALL: [Self; 3] = [
        Self {
            id: AuthenticationStrengthId::new(Uuid::from_u128(2)),
            display_name: "Multifactor authentication",
            allowed_combinations: &MULTIFACTOR,
        },
        Self {
            id: AuthenticationStrengthId::new(Uuid::from_u128(3)),
            display_name: "Passwordless MFA",
            allowed_combinations: &[
                methods([M::WindowsHelloForBusiness]),
                methods([M::Fido2]),
                methods([M::X509CertificateMultiFactor]),
                methods([M::DeviceBasedPush]),
            ],
        },
        Self {
            id: AuthenticationStrengthId::new(Uuid::from_u128(4)),
            display_name: "Phishing resistant MFA",
            allowed_combinations: &[
                methods([M::WindowsHelloForBusiness]),
                methods([M::Fido2]),
                methods([M::X509CertificateMultiFactor]),
            ],
        },
    ];
}

/// Whether Graph accepts this combination in a strength (specification 2.9); an arbitrary union of methods is refused.
pub fn is_legal_combination(combination: AuthenticationMethods) -> bool {
    MULTIFACTOR.contains(&combination) || SINGLE_FACTOR.contains(&combination)
}

/// Whether all methods of the combination together are multifactor authentication.
pub fn is_multifactor(combination: AuthenticationMethods) -> bool {
    MULTIFACTOR.contains(&combination)
}
