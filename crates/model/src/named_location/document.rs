//! Reads a Graph `namedLocation`: IP ranges, countries, or the compliant network.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::Value;

use super::{CountryLookup, NamedLocation, NamedLocationKind};
use crate::country::CountryCode;
use crate::document::{
    Document, Findings, Members, Reason, Refusal, WithoutId, in_graph_spelling, read_id, shown,
    shown_text, with_id,
};
use crate::organization::check_name;

impl NamedLocation {
    /// The most ranges of one location (specification 2.15).
    pub const RANGES_MAX: usize = 2000;
    /// The shortest prefix of a range (specification 2.10).
    pub const PREFIX_BITS_MIN: u8 = 8;

    /// The named location a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let document = in_graph_spelling(document, &mut findings);
        let root = Members::root(&document);
        let name = root.text("displayName", &mut findings);
        check_name(name.unwrap_or_default(), &mut findings);
        let id = read_id(&root, WithoutId::NamedLocation, name, &mut findings);
        let kind = read_kind(&root, &mut findings);
        let display_name = name.unwrap_or_default().to_owned();
        let location = id.zip(kind).map(|(id, kind)| Self {
            id,
            display_name,
            kind,
            document: with_id(document, id),
        });
        findings.into_result(location)
    }
}

/// The types Graph has, each with the member that only this type has.
const TYPES: [(&str, &str); 5] = [
    ("ipNamedLocation", "ipRanges"),
    ("countryNamedLocation", "countriesAndRegions"),
    ("compliantNetworkNamedLocation", "compliantNetworkType"),
    ("serviceTagNamedLocation", "serviceTags"),
    ("privateLinkNamedLocation", "privateLinkResourcePolicyIds"),
];

fn read_kind(root: &Members<'_>, findings: &mut Findings) -> Option<NamedLocationKind> {
    let declared = root.odata_type();
    let mut by_member = TYPES
        .iter()
        .filter(|(_, member)| root.set(member).is_some());
    let (first, second) = (by_member.next(), by_member.next());
    let kind = declared.or(first.map(|(kind, _)| *kind));
    let other = first
        .filter(|(by_member, _)| Some(*by_member) != kind)
        .or(second);
    if let Some((_, member)) = other {
        let expected = "the members of one type of location";
        let found = format!("`{member}` in a location of another type");
        findings.add(root.path_of(member), Reason::Value, found, expected);
        return None;
    }
    match kind {
        Some("countryNamedLocation") => read_countries(root, findings),
        Some("compliantNetworkNamedLocation") => read_compliant_network(root, findings),
        Some("serviceTagNamedLocation") => {
            refuse_kind("a location by service tag", "serviceTags", root, findings)
        }
        Some("privateLinkNamedLocation") => {
            let member = "privateLinkResourcePolicyIds";
            refuse_kind("a location by private link", member, root, findings)
        }
        Some("ipNamedLocation") | None => read_ranges(root, findings),
        Some(other) => {
            findings.add(
                "$.@odata.type",
                Reason::Value,
                shown_text(other),
                "`#microsoft.graph.ipNamedLocation` or `#microsoft.graph.countryNamedLocation`",
            );
            None
        }
    }
}

fn refuse_kind(
    feature: &'static str,
    member: &str,
    root: &Members<'_>,
    findings: &mut Findings,
) -> Option<NamedLocationKind> {
    let found = root.set(member).map_or_else(|| "its type".into(), shown);
    let expected = "IP ranges, countries or the compliant network";
    findings.add("$", Reason::NotEnforced(feature), found, expected);
    None
}

fn read_countries(root: &Members<'_>, findings: &mut Findings) -> Option<NamedLocationKind> {
    const NAME: &str = "countriesAndRegions";
    let before = findings.count();
    let includes_unknown = read_flag(root, "includeUnknownCountriesAndRegions", findings);
    let mut countries = BTreeSet::new();
    for (path, text) in root.texts(NAME, findings) {
        if let Ok(code) = text.trim().parse::<CountryCode>() {
            countries.insert(code);
        } else {
            let expected = "the two letters of a country";
            findings.add(path, Reason::Value, shown_text(text), expected);
        }
    }
    if countries.is_empty() && !includes_unknown && findings.count() == before {
        let expected = "at least one country, or `includeUnknownCountriesAndRegions`";
        findings.add(root.path_of(NAME), Reason::Missing, "none", expected);
    }
    if read_flag(root, "isTrusted", findings) {
        let expected = "a location of IP ranges; countries are never trusted";
        findings.add("$.isTrusted", Reason::Value, "`true`", expected);
    }
    let lookup = match root.text("countryLookupMethod", findings) {
        None => CountryLookup::ClientIpAddress,
        Some(text) if text.eq_ignore_ascii_case("clientIpAddress") => {
            CountryLookup::ClientIpAddress
        }
        Some(text) if text.eq_ignore_ascii_case("authenticatorAppGps") => {
            CountryLookup::AuthenticatorAppGps
        }
        Some(text) => {
            let expected = "`clientIpAddress` or `authenticatorAppGps`";
            let path = root.path_of("countryLookupMethod");
            findings.add(path, Reason::Value, shown_text(text), expected);
            return None;
        }
    };
    Some(NamedLocationKind::Countries {
        countries: countries.into_iter().collect(),
        lookup,
        includes_unknown,
    })
}

fn read_compliant_network(
    root: &Members<'_>,
    findings: &mut Findings,
) -> Option<NamedLocationKind> {
    const NAME: &str = "compliantNetworkType";
    let is_trusted = read_flag(root, "isTrusted", findings);
    match root.text(NAME, findings) {
        Some(text) if text.eq_ignore_ascii_case("allTenantCompliantNetworks") => {
            Some(NamedLocationKind::CompliantNetwork { is_trusted })
        }
        other => {
            let found = other.map_or_else(|| "none".into(), shown_text);
            let expected = "`allTenantCompliantNetworks`";
            findings.add(root.path_of(NAME), Reason::Value, found, expected);
            None
        }
    }
}

fn read_flag(root: &Members<'_>, name: &str, findings: &mut Findings) -> bool {
    match root.value(name) {
        None => false,
        Some(Value::Bool(flag)) => *flag,
        Some(other) => {
            let expected = "`true` or `false`";
            findings.add(root.path_of(name), Reason::Shape, shown(other), expected);
            false
        }
    }
}

fn read_ranges(root: &Members<'_>, findings: &mut Findings) -> Option<NamedLocationKind> {
    const NAME: &str = "ipRanges";
    let is_trusted = read_flag(root, "isTrusted", findings);
    let Some(list) = root.value(NAME).and_then(Value::as_array) else {
        let found = root.value(NAME).map_or_else(|| "none".into(), shown);
        let expected = "a list of IP ranges";
        findings.add(root.path_of(NAME), Reason::Missing, found, expected);
        return None;
    };
    if list.is_empty() || list.len() > NamedLocation::RANGES_MAX {
        findings.add(
            root.path_of(NAME),
            Reason::Value,
            format!("{} ranges", list.len()),
            format!("1 to {}", NamedLocation::RANGES_MAX),
        );
        return None;
    }
    let ranges = list
        .iter()
        .enumerate()
        .filter_map(|(index, range)| read_range(&format!("$.{NAME}[{index}]"), range, findings))
        .collect();
    Some(NamedLocationKind::IpRanges { is_trusted, ranges })
}

fn read_range(path: &str, range: &Value, findings: &mut Findings) -> Option<IpNet> {
    let text = range.get("cidrAddress").and_then(Value::as_str);
    let Some(parsed) = text.and_then(|text| text.parse::<IpNet>().ok()) else {
        findings.add(
            format!("{path}.cidrAddress"),
            Reason::Value,
            text.map_or_else(|| shown(range), shown_text),
            "a range such as `203.0.113.0/24` or `2001:db8::/32`",
        );
        return None;
    };
    if parsed.prefix_len() < NamedLocation::PREFIX_BITS_MIN {
        findings.add(
            format!("{path}.cidrAddress"),
            Reason::Value,
            format!("`{parsed}`"),
            format!("a prefix of at least /{}", NamedLocation::PREFIX_BITS_MIN),
        );
    }
    let family = match parsed {
        IpNet::V4(_) => "#microsoft.graph.iPv4CidrRange",
        IpNet::V6(_) => "#microsoft.graph.iPv6CidrRange",
    };
    let declared = range.get("@odata.type").and_then(Value::as_str);
    if let Some(declared) = declared.filter(|declared| *declared != family) {
        findings.add(
            format!("{path}.@odata.type"),
            Reason::Value,
            format!("{} for `{parsed}`", shown_text(declared)),
            format!("`{family}`"),
        );
    }
    Some(parsed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn location(change: impl Fn(&mut Value)) -> Result<NamedLocation, Refusal> {
        let mut document = json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation",
            "id": "11111111-1111-4111-8111-111111111111",
            "displayName": "Offices",
            "isTrusted": true,
            "ipRanges": [
                {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "12.34.221.11/22"},
                {"@odata.type": "#microsoft.graph.iPv6CidrRange", "cidrAddress": "2001:db8::/32"}
            ]
        });
        change(&mut document);
        NamedLocation::from_document(document.as_object().unwrap().clone())
    }

    #[test]
    fn ranges_with_host_bits_are_read() {
        let location = location(|_| ()).unwrap();
        let NamedLocationKind::IpRanges { is_trusted, ranges } = location.kind else {
            panic!("not made of ranges");
        };
        assert!(is_trusted);
        assert!(ranges[0].contains(&"12.34.220.1".parse::<std::net::IpAddr>().unwrap()));
    }

    fn other(change: &Value) -> Result<NamedLocationKind, Vec<(String, Reason)>> {
        let mut document = json!({"displayName": "Somewhere"});
        document
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let document = document.as_object().unwrap().clone();
        match NamedLocation::from_document(document) {
            Ok(location) => Ok(location.kind),
            Err(refusal) => {
                let findings = refusal.findings.into_iter();
                Err(findings.map(|one| (one.path, one.reason)).collect())
            }
        }
    }

    #[test]
    fn countries_are_read_with_how_they_are_found() {
        let country = |text: &str| text.parse::<CountryCode>().unwrap();
        assert_eq!(
            other(&json!({
                "@odata.type": "#microsoft.graph.countryNamedLocation",
                "countriesAndRegions": ["nl", "DE", "NL"]
            })),
            Ok(NamedLocationKind::Countries {
                countries: vec![country("DE"), country("NL")],
                lookup: CountryLookup::ClientIpAddress,
                includes_unknown: false,
            })
        );
        assert_eq!(
            other(&json!({
                "CountriesAndRegions": [],
                "countryLookupMethod": "authenticatorAppGps",
                "includeUnknownCountriesAndRegions": true,
                "@odata.type": "#microsoft.graph.countryNamedLocation"
            })),
            Ok(NamedLocationKind::Countries {
                countries: Vec::new(),
                lookup: CountryLookup::AuthenticatorAppGps,
                includes_unknown: true,
            })
        );
    }

    #[test]
    fn the_compliant_network_is_read() {
        let network =
            json!({"compliantNetworkType": "allTenantCompliantNetworks", "isTrusted": true});
        let expected = NamedLocationKind::CompliantNetwork { is_trusted: true };
        assert_eq!(other(&network), Ok(expected));
    }

    #[test]
    fn what_is_no_location_is_refused_at_its_place() {
        let countries = |change: Value| {
            let mut document = json!({"countriesAndRegions": ["NL"]});
            document
                .as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            document
        };
        for (document, path, reason) in [
            (
                json!({"@odata.type": "#microsoft.graph.countryNamedLocation"}),
                "$.countriesAndRegions",
                Reason::Missing,
            ),
            (
                json!({"countriesAndRegions": ["NLD"]}),
                "$.countriesAndRegions[0]",
                Reason::Value,
            ),
            (
                countries(json!({"countryLookupMethod": "stars"})),
                "$.countryLookupMethod",
                Reason::Value,
            ),
            (
                countries(json!({"isTrusted": true})),
                "$.isTrusted",
                Reason::Value,
            ),
            (
                countries(json!({"includeUnknownCountriesAndRegions": "no"})),
                "$.includeUnknownCountriesAndRegions",
                Reason::Shape,
            ),
            (
                countries(json!({"ipRanges": [{}]})),
                "$.countriesAndRegions",
                Reason::Value,
            ),
            (
                json!({"compliantNetworkType": "some"}),
                "$.compliantNetworkType",
                Reason::Value,
            ),
            (
                json!({"serviceTags": ["Azure"]}),
                "$",
                Reason::NotEnforced("a location by service tag"),
            ),
            (
                json!({"@odata.type": "#microsoft.graph.privateLinkNamedLocation"}),
                "$",
                Reason::NotEnforced("a location by private link"),
            ),
            (
                json!({"@odata.type": "#microsoft.graph.moon"}),
                "$.@odata.type",
                Reason::Value,
            ),
            (json!({}), "$.ipRanges", Reason::Missing),
        ] {
            assert_eq!(other(&document), Err(vec![(path.to_owned(), reason)]));
        }
    }

    #[test]
    fn ranges_that_mean_nothing_are_refused() {
        for range in [
            "",
            "everywhere",
            "203.0.113.1",
            "203.0.113.0/33",
            "10.0.0.0/7",
            "0.0.0.0/0",
        ] {
            let refusal =
                location(|document| document["ipRanges"][0]["cidrAddress"] = json!(range));
            assert_eq!(
                refusal.unwrap_err().findings[0].path,
                "$.ipRanges[0].cidrAddress",
                "{range}"
            );
        }
        for ranges in [json!([]), json!(null), json!("10.0.0.0/8")] {
            assert!(location(|document| document["ipRanges"] = ranges.clone()).is_err());
        }
        let swapped = location(|document| {
            document["ipRanges"][0]["@odata.type"] = json!("#microsoft.graph.iPv6CidrRange");
        });
        assert_eq!(
            swapped.unwrap_err().findings[0].path,
            "$.ipRanges[0].@odata.type"
        );
    }
}
