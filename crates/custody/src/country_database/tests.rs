//! Tests of the country database, on files of a few networks made on the spot.

use std::collections::HashMap;
use std::time::Duration;

use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use serde::Serialize;

use super::*;

/// A database file with these networks.
fn write<T: Serialize>(file: &Path, networks: &[(&str, T)]) {
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V6;
    database.metadata.binary_format_major_version = 2;
    database.metadata.database_type = "Test-Country".to_owned();
    for (network, record) in networks {
        let record = database.insert_value(record).unwrap();
        let network: IpAddrWithMask = network.parse().unwrap();
        database.insert_node(network, record);
    }
    std::fs::write(file, database.write_to(Vec::new()).unwrap()).unwrap();
}

fn country(code: &'static str) -> HashMap<&'static str, HashMap<&'static str, &'static str>> {
    HashMap::from([("country", HashMap::from([("iso_code", code)]))])
}

fn of(database: &CountryDatabase, address: &str) -> Option<String> {
    let found = database.country(address.parse().unwrap());
    found.map(|code| code.to_string())
}

/// IPv4 addresses stand in the first half of a tree of IPv6 ones.
const DUTCH: &str = "::c000:200/120";
const GERMAN: &str = "2001:db8:49::/48";

#[test]
fn an_address_is_in_the_country_of_its_network_and_others_are_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    let networks = [
        (DUTCH, country("NL")),
        (GERMAN, country("de")),
        // Wrong as they can be: what is local is unknown whatever a list says.
        ("::a00:0/104", country("US")),
        ("::7f00:0/104", country("US")),
        ("::6440:0/106", country("US")),
        ("fc00::/7", country("US")),
        ("::c633:6400/120", country("ZZ")),
    ];
    write(&file, &networks);
    let database = CountryDatabase::open(&file).unwrap();
    assert_eq!(of(&database, "192.0.2.7").as_deref(), Some("NL"));
    assert_eq!(of(&database, "::ffff:192.0.2.7").as_deref(), Some("NL"));
    assert_eq!(of(&database, "2001:db8:49::1").as_deref(), Some("DE"));
    for unknown in [
        "192.0.3.1",
        "2001:db8:50::1",
        "10.1.2.3",
        "127.0.0.1",
        "100.64.0.1",
        "fd00::1",
        "198.51.100.1",
        "::1",
    ] {
        assert_eq!(of(&database, unknown), None, "{unknown}");
    }
    assert_eq!(of(&database, "100.128.0.1"), None);
}

#[test]
fn the_flat_shapes_of_other_lists_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    for member in ["country_code", "country"] {
        let file = folder.path().join(member);
        write(&file, &[(DUTCH, HashMap::from([(member, "NL")]))]);
        let database = CountryDatabase::open(&file).unwrap();
        assert_eq!(
            of(&database, "192.0.2.7").as_deref(),
            Some("NL"),
            "{member}"
        );
    }
}

#[test]
fn a_file_that_is_replaced_counts_and_one_that_cannot_be_used_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    let later = |seconds: u64| {
        let opened = File::options().append(true).open(&file).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000 + seconds);
        opened.set_modified(at).unwrap();
    };
    write(&file, &[(DUTCH, country("NL"))]);
    let database = CountryDatabase::open(&file).unwrap();
    assert_eq!(database.refresh().unwrap(), Refreshed::Unchanged);
    write(&file, &[(DUTCH, country("BE"))]);
    later(1);
    assert_eq!(database.refresh().unwrap(), Refreshed::Replaced);
    assert_eq!(of(&database, "192.0.2.7").as_deref(), Some("BE"));
    std::fs::write(&file, "half of it").unwrap();
    later(2);
    assert!(database.refresh().is_err());
    assert_eq!(
        database.refresh().unwrap(),
        Refreshed::Unchanged,
        "told once"
    );
    assert_eq!(of(&database, "192.0.2.7").as_deref(), Some("BE"));
    std::fs::remove_file(&file).unwrap();
    assert!(database.refresh().is_err());
    assert_eq!(of(&database, "192.0.2.7").as_deref(), Some("BE"));
    write(&file, &[(DUTCH, country("FR"))]);
    later(3);
    assert_eq!(database.refresh().unwrap(), Refreshed::Replaced);
    assert_eq!(of(&database, "192.0.2.7").as_deref(), Some("FR"));
}

#[test]
fn what_is_no_country_database_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.mmdb");
    let text = folder.path().join("text.mmdb");
    std::fs::write(&text, "network,country\n192.0.2.0/24,NL\n").unwrap();
    let numbers = folder.path().join("numbers.mmdb");
    let record = HashMap::from([("autonomous_system_number", 64_496)]);
    write(&numbers, &[(DUTCH, record)]);
    let empty = folder.path().join("empty.mmdb");
    write::<HashMap<&str, &str>>(&empty, &[]);
    for (file, says) in [
        (&missing, "cannot read"),
        (&text, "is no country database in MaxMind format"),
        (&numbers, "names no country"),
        (&empty, "is no country database"),
        (&folder.path().to_owned(), "cannot read"),
    ] {
        let error = CountryDatabase::open(file).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.contains(&file.display().to_string()), "{error}");
    }
}
