//! What the fuzz targets hold of everything that reads what others wrote; the seeds of `fuzz` run through it in every test run.

use std::fmt::{Debug, Display};
use std::path::PathBuf;

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::conditional_access::filter::{
    DeviceProperty, Expression, FilterProperty, FilterRule, SecurityAttribute,
};
use portcullis_model::document::read_documents;
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use portcullis_world::export::parse_export;
use portcullis_world::files::Files;
use portcullis_world::parse::parse_world;
use serde_json::json;

/// Bytes of an export: a policy that is read is read again as the same.
pub(crate) fn policy_json(bytes: &[u8]) {
    let Ok(documents) = read_documents(bytes) else {
        return;
    };
    for document in documents {
        if let Ok(policy) = ConditionalAccessPolicy::from_document(document.members) {
            let again = ConditionalAccessPolicy::from_document(policy.document.clone());
            assert_eq!(again.as_ref(), Ok(&policy));
        }
    }
}

/// The text of a filter for devices.
pub(crate) fn device_filter(bytes: &[u8]) {
    filter::<DeviceProperty>(bytes);
}

/// The text of a filter for applications or service principals.
pub(crate) fn application_filter(bytes: &[u8]) {
    filter::<SecurityAttribute>(bytes);
}

/// What is printed is read as the same.
fn filter<P>(bytes: &[u8])
where
    P: FilterProperty + PartialEq + Debug,
    Expression<P>: Display,
{
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(rule) = FilterRule::<P>::parse(text) {
        let printed = rule.expression.to_string();
        // Escapes and hyphens may make the printed rule longer than a rule may be.
        if printed.chars().count() <= FilterRule::<P>::CHARACTERS_MAX {
            let again = FilterRule::<P>::parse(&printed).expect("a printed rule is a rule");
            assert_eq!(again.expression, rule.expression);
        }
    }
}

/// The address of an IP range in a named location: none that is read is wider than /8.
pub(crate) fn named_location_cidr(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let document = json!({"displayName": "Fuzz", "ipRanges": [{"cidrAddress": text}]});
    let Some(document) = document.as_object() else {
        return;
    };
    if let Ok(location) = NamedLocation::from_document(document.clone()) {
        let NamedLocationKind::IpRanges { ranges, .. } = location.kind else {
            panic!("ranges became something else");
        };
        for range in ranges {
            assert!(range.prefix_len() >= NamedLocation::PREFIX_BITS_MIN);
        }
    }
}

/// A folder of files, as a world and as an export: names and contents lie one after the other, parted by zeros.
pub(crate) fn world_folder(bytes: &[u8]) {
    let parts: Vec<_> = bytes.split(|byte| *byte == 0).collect();
    let named = parts.chunks(2).map(|part| match part {
        [name, content] => (String::from_utf8_lossy(name).into_owned(), content.to_vec()),
        _ => ("contoso/users.json".to_owned(), part.concat()),
    });
    let files = Files(named.collect());
    drop(parse_world(&files));
    let files: Vec<_> = files
        .0
        .into_iter()
        .map(|(name, content)| (PathBuf::from(name), content))
        .collect();
    let export = parse_export(&files);
    assert_eq!(export.files.len(), files.len());
}
