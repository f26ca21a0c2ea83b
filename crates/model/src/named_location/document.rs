//! Reads a Graph `namedLocation`: IP ranges are held, every other kind is refused.

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;

use super::{NamedLocation, NamedLocationKind};
use crate::document::{
    Document, Findings, Members, Reason, Refusal, read_typed, shown, shown_text,
};
use crate::id::NamedLocationId;
use crate::organization::check_name;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IpRanges {
    id: NamedLocationId,
    display_name: String,
    #[serde(default)]
    is_trusted: bool,
    ip_ranges: Vec<IpRange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IpRange {
    cidr_address: IpNet,
}

impl NamedLocation {
    /// The most ranges of one location (specification 2.15).
    pub const RANGES_MAX: usize = 2000;
    /// The shortest prefix of a range (specification 2.10).
    pub const PREFIX_BITS_MIN: u8 = 8;

    /// The named location a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        if refuse_other_kinds(&Members::root(&document), &mut findings) {
            return findings.into_result(None);
        }
        check_ranges(&document, &mut findings);
        if !findings.is_empty() {
            return findings.into_result(None);
        }
        let location: IpRanges = read_typed(document.clone())?;
        check_name(&location.display_name, &mut findings);
        let ranges = location.ip_ranges.into_iter();
        findings.into_result(Some(Self {
            id: location.id,
            display_name: location.display_name,
            kind: NamedLocationKind::IpRanges {
                is_trusted: location.is_trusted,
                ranges: ranges.map(|range| range.cidr_address).collect(),
            },
            document,
        }))
    }
}

fn refuse_other_kinds(root: &Members<'_>, findings: &mut Findings) -> bool {
    const KINDS: [(&str, &str, &str); 4] = [
        (
            "countryNamedLocation",
            "countriesAndRegions",
            "a location by country",
        ),
        (
            "compliantNetworkNamedLocation",
            "compliantNetworkType",
            "the compliant network as location",
        ),
        (
            "serviceTagNamedLocation",
            "serviceTags",
            "a location by service tag",
        ),
        (
            "privateLinkNamedLocation",
            "privateLinkResourcePolicyIds",
            "a location by private link",
        ),
    ];
    let kind = root.odata_type();
    for (name, member, feature) in KINDS {
        if kind == Some(name) || root.set(member).is_some() {
            let found = root.set(member).map_or_else(
                || format!("`{name}`"),
                |value| format!("`{member}` {}", shown(value)),
            );
            let reason = Reason::NotEnforced(feature);
            findings.add("$", reason, found, "IP ranges (`ipNamedLocation`)");
            return true;
        }
    }
    if let Some(kind) = kind.filter(|kind| *kind != "ipNamedLocation") {
        findings.add(
            "$.@odata.type",
            Reason::Value,
            shown_text(kind),
            "`#microsoft.graph.ipNamedLocation`",
        );
    }
    !findings.is_empty()
}

fn check_ranges(document: &Document, findings: &mut Findings) {
    let Some(ranges) = document.get("ipRanges").and_then(Value::as_array) else {
        let found = document
            .get("ipRanges")
            .map_or_else(|| "none".into(), shown);
        findings.add("$.ipRanges", Reason::Missing, found, "a list of IP ranges");
        return;
    };
    if ranges.is_empty() || ranges.len() > NamedLocation::RANGES_MAX {
        findings.add(
            "$.ipRanges",
            Reason::Value,
            format!("{} ranges", ranges.len()),
            format!("1 to {}", NamedLocation::RANGES_MAX),
        );
        return;
    }
    for (index, range) in ranges.iter().enumerate() {
        check_range(&format!("$.ipRanges[{index}]"), range, findings);
    }
}

fn check_range(path: &str, range: &Value, findings: &mut Findings) {
    let text = range.get("cidrAddress").and_then(Value::as_str);
    let Some(parsed) = text.and_then(|text| text.parse::<IpNet>().ok()) else {
        findings.add(
            format!("{path}.cidrAddress"),
            Reason::Value,
            text.map_or_else(|| shown(range), shown_text),
            "a range such as `203.0.113.0/24` or `2001:db8::/32`",
        );
        return;
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

    #[test]
    fn other_kinds_of_location_are_refused_as_such() {
        for (kind, member, value) in [
            ("countryNamedLocation", "countriesAndRegions", json!(["NL"])),
            (
                "compliantNetworkNamedLocation",
                "compliantNetworkType",
                json!("allTenantCompliantNetworks"),
            ),
        ] {
            let by_type = location(|document| {
                document["@odata.type"] = json!(format!("#microsoft.graph.{kind}"));
            });
            let by_member = location(|document| document[member] = value.clone());
            for refusal in [by_type, by_member] {
                let findings = refusal.unwrap_err().findings;
                assert!(
                    matches!(findings[0].reason, Reason::NotEnforced(_)),
                    "{findings:?}"
                );
            }
        }
        let unknown = location(|document| document["@odata.type"] = json!("#microsoft.graph.moon"));
        assert_eq!(unknown.unwrap_err().findings[0].reason, Reason::Value);
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
