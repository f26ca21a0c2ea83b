//! What a sign-in is judged by beside who, what and where: risk, and how the sign-in was transferred.

use serde::{Deserialize, Serialize};

/// Graph `riskLevel` as a fact. `hidden` is no fact: whoever cannot see risk sees none.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum RiskLevel {
    /// No risk.
    #[default]
    None = 1,
    /// Low.
    Low = 2,
    /// Medium.
    Medium = 4,
    /// High.
    High = 8,
}

/// Graph `insiderRiskLevel` as a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum InsiderRiskLevel {
    /// Minor.
    Minor = 1,
    /// Moderate.
    Moderate = 2,
    /// Elevated.
    Elevated = 4,
}

/// How a sign-in was moved from one device to another (Graph `conditionalAccessTransferMethods`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum TransferMethod {
    /// The device code grant.
    DeviceCodeFlow = 1,
    /// A session handed from one device to another.
    AuthenticationTransfer = 2,
}

/// A set of flags; the condition on it is a list of what matches, not a threshold (specification 4.7).
macro_rules! sets {
    ($($(#[$doc:meta])* $set:ident of $one:ident [$($all:ident = $name:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u8);

        impl $set {
            /// This set and one more.
            #[must_use]
            pub const fn with(self, one: $one) -> Self {
                Self(self.0 | one as u8)
            }

            /// Whether this is in the set.
            pub const fn contains(self, one: $one) -> bool {
                self.0 & one as u8 != 0
            }

            /// Whether nothing is in the set.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// What is in the set.
            pub fn iter(self) -> impl Iterator<Item = $one> {
                $one::ALL.into_iter().filter(move |one| self.contains(*one))
            }
        }

        impl $one {
            /// All of them.
            pub const ALL: [Self; sets!(@count $($all)*)] = [$(Self::$all),*];

            /// Graph's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$all => $name),*
                }
            }
        }
    )*};
    (@count) => { 0 };
    (@count $first:ident $($rest:ident)*) => { 1 + sets!(@count $($rest)*) };
}

sets! {
    /// The risk levels a policy names.
    RiskLevels of RiskLevel [None = "none", Low = "low", Medium = "medium", High = "high"];
    /// The levels of insider risk a policy names.
    InsiderRiskLevels of InsiderRiskLevel [Minor = "minor", Moderate = "moderate", Elevated = "elevated"];
    /// The ways of transfer a policy names.
    TransferMethods of TransferMethod
        [DeviceCodeFlow = "deviceCodeFlow", AuthenticationTransfer = "authenticationTransfer"];
}
