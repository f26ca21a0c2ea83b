//! Named locations made of IP ranges (Graph `ipNamedLocation`).

mod document;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::NamedLocationId;

/// Graph `ipNamedLocation`. Countries and compliant networks are refused at import until they are enforced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedLocation {
    /// The object id.
    pub id: NamedLocationId,
    /// The name people see.
    pub display_name: String,
    /// Counted by `AllTrusted`.
    #[serde(default)]
    pub is_trusted: bool,
    /// The ranges; host bits below the mask are allowed and ignored.
    #[serde(with = "ranges")]
    pub ip_ranges: Vec<IpNet>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Graph's `{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "…"}` list.
mod ranges {
    use ipnet::IpNet;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq};

    #[derive(Serialize, Deserialize)]
    struct Range {
        #[serde(rename = "@odata.type", default)]
        kind: String,
        #[serde(rename = "cidrAddress")]
        cidr_address: IpNet,
    }

    pub(super) fn serialize<S: Serializer>(
        ranges: &[IpNet],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(ranges.len()))?;
        for range in ranges {
            let kind = match range {
                IpNet::V4(_) => "#microsoft.graph.iPv4CidrRange",
                IpNet::V6(_) => "#microsoft.graph.iPv6CidrRange",
            };
            list.serialize_element(&Range {
                kind: kind.into(),
                cidr_address: *range,
            })?;
        }
        list.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<IpNet>, D::Error> {
        let list = Vec::<Range>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|range| range.cidr_address).collect())
    }
}
