//! Countries of addresses, from a database file in the `MaxMind` format that the operator installs; read again when it changes.
//!
//! No database is shipped: theirs are free of charge under terms of their own, and wrong after a month.

use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use maxminddb::{Reader, WithinOptions, path};
use portcullis_model::country::CountryCode;
use portcullis_signin::whereabouts::Countries;

/// A larger file is no country database; those with cities are around 70 MB.
const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// A database that names no country in so many networks is about something else.
const NETWORKS_TRIED: usize = 10_000;

/// A database, in memory.
pub struct CountryDatabase {
    file: PathBuf,
    reader: ArcSwap<Reader<Vec<u8>>>,
    /// How the file looked when it was last read, or last refused.
    seen: Mutex<Look>,
}

/// What tells a file from the one it replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    modified: SystemTime,
    bytes: u64,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum CountryDatabaseError {
    /// It cannot be read.
    #[error("cannot read the country database `{}`: {cause}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It is not in the format.
    #[error("the file `{}` is no country database in MaxMind format (.mmdb): {cause}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        cause: Box<maxminddb::MaxMindDbError>,
    },
    /// It is too large.
    #[error("the file `{}` is larger than {BYTES_MAX} bytes: name a database of countries", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// It is about something else.
    #[error("the database `{}` (`{kind}`) names no country: name a database of countries or cities", file.display())]
    WithoutCountries {
        /// The file.
        file: PathBuf,
        /// What it says it is.
        kind: String,
    },
}

/// What a look at the file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// It is the one that is in use.
    Unchanged,
    /// Another one is in use from now on.
    Replaced,
}

impl CountryDatabase {
    /// Reads a database whole.
    pub fn open(file: &Path) -> Result<Self, CountryDatabaseError> {
        let (reader, look) = read(file)?;
        Ok(Self {
            file: file.to_owned(),
            reader: ArcSwap::from_pointee(reader),
            seen: Mutex::new(look),
        })
    }

    /// Looks whether the file was replaced, and reads the new one. One that cannot be used is told once; the database in
    /// memory stays. Waits for the disk: not for the threads that answer requests.
    pub fn refresh(&self) -> Result<Refreshed, CountryDatabaseError> {
        let now = look(&self.file).map_err(|cause| self.unreadable(cause))?;
        {
            let mut seen = (self.seen.lock()).unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(Refreshed::Unchanged);
            }
            *seen = now;
        }
        let (reader, _) = read(&self.file)?;
        self.reader.store(Arc::new(reader));
        Ok(Refreshed::Replaced)
    }

    /// What the database says it is, and when it was made, in seconds since 1970.
    pub fn description(&self) -> (String, u64) {
        let reader = self.reader.load();
        let metadata = reader.metadata();
        (metadata.database_type.clone(), metadata.build_epoch)
    }

    fn unreadable(&self, cause: std::io::Error) -> CountryDatabaseError {
        CountryDatabaseError::Unreadable {
            file: self.file.clone(),
            cause,
        }
    }
}

impl Countries for CountryDatabase {
    fn country(&self, address: IpAddr) -> Option<CountryCode> {
        let address = address.to_canonical();
        if is_local(address) {
            return None;
        }
        let reader = self.reader.load();
        let found = reader.lookup(address).ok()?;
        country_of(&found)
    }
}

fn look(file: &Path) -> std::io::Result<Look> {
    let metadata = std::fs::metadata(file)?;
    Ok(Look {
        modified: metadata.modified()?,
        bytes: metadata.len(),
    })
}

fn read(file: &Path) -> Result<(Reader<Vec<u8>>, Look), CountryDatabaseError> {
    let unreadable = |cause| CountryDatabaseError::Unreadable {
        file: file.to_owned(),
        cause,
    };
    // Looked at before it is read: what changes meanwhile is read again.
    let look = look(file).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unreadable)?;
    let read = opened
        .take(BYTES_MAX.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(read).is_ok_and(|read| read > BYTES_MAX) {
        return Err(CountryDatabaseError::TooLarge {
            file: file.to_owned(),
        });
    }
    let malformed = |cause| CountryDatabaseError::Malformed {
        file: file.to_owned(),
        cause: Box::new(cause),
    };
    let reader = Reader::from_source(bytes).map_err(malformed)?;
    let mut networks = reader
        .networks(WithinOptions::default())
        .map_err(malformed)?;
    let names_countries = networks
        .by_ref()
        .take(NETWORKS_TRIED)
        .filter_map(Result::ok)
        .any(|found| country_of(&found).is_some());
    if names_countries {
        Ok((reader, look))
    } else {
        Err(CountryDatabaseError::WithoutCountries {
            file: file.to_owned(),
            kind: reader.metadata().database_type.clone(),
        })
    }
}

/// The country, by the three shapes there are of it: an object with a code, a flat code, a flat name that is one.
fn country_of(found: &maxminddb::LookupResult<'_, Vec<u8>>) -> Option<CountryCode> {
    let text = |path: &[maxminddb::PathElement<'_>]| found.decode_path::<&str>(path).ok().flatten();
    let code = text(&path!["country", "iso_code"])
        .or_else(|| text(&path!["country_code"]))
        .or_else(|| text(&path!["country"]))?;
    // "ZZ" is how some lists spell that they do not know.
    code.parse()
        .ok()
        .filter(|code: &CountryCode| code.to_string() != "ZZ")
}

/// Whether an address means something inside one network only: no list of the world can know where that is.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_local_v4(address),
        IpAddr::V6(address) => is_local_v6(address),
    }
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    // Shared by the customers of one carrier (RFC 6598).
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || is_shared
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests;
