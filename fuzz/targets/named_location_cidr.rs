//! The address of an IP range in a named location: no text makes the reader panic, and none is wider than /8.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use serde_json::json;

fuzz_target!(|text: &str| {
    let document = json!({"displayName": "Fuzz", "ipRanges": [{"cidrAddress": text}]});
    let Some(document) = document.as_object() else {
        return;
    };
    if let Ok(location) = NamedLocation::from_document(document.clone()) {
        let NamedLocationKind::IpRanges { ranges, .. } = location.kind else {
            panic!("ranges became something else");
        };
        assert!(ranges.iter().all(|range| range.prefix_len() >= NamedLocation::PREFIX_BITS_MIN));
    }
});
