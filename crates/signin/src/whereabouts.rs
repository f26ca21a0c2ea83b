//! From where a request comes: the address, and the country it is registered in.

use std::net::IpAddr;

use portcullis_model::country::CountryCode;

use crate::house::{House, Moment};

/// Tells countries of addresses.
pub trait Countries: Send + Sync {
    /// The country of this address; `None` is unknown, and so is every address that means nothing outside its own network.
    fn country(&self, address: IpAddr) -> Option<CountryCode>;
}

/// No country is known of any address.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCountries;

impl Countries for NoCountries {
    fn country(&self, _address: IpAddr) -> Option<CountryCode> {
        None
    }
}

/// From where a request comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// The address, after trusted proxies; `None` is unknown.
    pub ip_address: Option<IpAddr>,
    /// The country of that address; `None` is unknown.
    pub country: Option<CountryCode>,
}

impl House {
    /// What is known of this address.
    pub fn whereabouts(&self, ip_address: Option<IpAddr>) -> Whereabouts {
        Whereabouts {
            ip_address,
            country: ip_address.and_then(|address| self.countries.country(address)),
        }
    }
}

impl Moment<'_> {
    /// From where this request comes.
    pub fn whereabouts(&self) -> Whereabouts {
        Whereabouts {
            ip_address: self.ip_address,
            country: self.country,
        }
    }
}
