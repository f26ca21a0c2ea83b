//! Named locations: IP ranges, countries, the compliant network (Graph `namedLocation`).

mod document;

use ipnet::IpNet;

use crate::country::CountryCode;
use crate::document::Document;
use crate::id::NamedLocationId;

/// Graph `namedLocation`, validated.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedLocation {
    /// The object id.
    pub id: NamedLocationId,
    /// The name people see.
    pub display_name: String,
    /// What it is made of.
    pub kind: NamedLocationKind,
    /// The document as it was given, for export without loss.
    pub document: Document,
}

impl NamedLocation {
    /// Whether `AllTrusted` counts it.
    pub const fn is_trusted(&self) -> bool {
        match self.kind {
            NamedLocationKind::IpRanges { is_trusted, .. }
            | NamedLocationKind::CompliantNetwork { is_trusted } => is_trusted,
            NamedLocationKind::Countries { .. } => false,
        }
    }
}

/// What a named location is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedLocationKind {
    /// Graph `ipNamedLocation`.
    IpRanges {
        /// Counted by `AllTrusted`.
        is_trusted: bool,
        /// The ranges; host bits below the mask are allowed and ignored.
        ranges: Vec<IpNet>,
    },
    /// Graph `countryNamedLocation`; never trusted.
    Countries {
        /// The countries, at least one unless unknown ones are included.
        countries: Vec<CountryCode>,
        /// How a country is found.
        lookup: CountryLookup,
        /// Whether an address without a country is inside.
        includes_unknown: bool,
    },
    /// Graph `compliantNetworkNamedLocation`: this tenant's own compliant network.
    CompliantNetwork {
        /// Counted by `AllTrusted`.
        is_trusted: bool,
    },
}

/// Graph `countryLookupMethodType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountryLookup {
    /// By the client's address.
    ClientIpAddress,
    /// By the coordinates of an authenticator.
    AuthenticatorAppGps,
}
