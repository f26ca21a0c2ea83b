//! Reads cross-tenant access settings, whole or in parts. What is meant to be some and is not understood is refused: in its place
//! Microsoft's defaults would answer.

use std::path::Path;

use portcullis_model::cross_tenant_access::{
    CrossTenantAccessPolicy, CrossTenantPartner, CrossTenantSettings,
};
use portcullis_model::document::{Document, Findings, Reason, Refusal};
use portcullis_model::id::TenantId;
use serde_json::Value;

/// Members that Graph's settings have and nothing else does.
const MEMBERS: [&str; 9] = [
    "b2bCollaborationInbound",
    "b2bCollaborationOutbound",
    "b2bDirectConnectInbound",
    "b2bDirectConnectOutbound",
    "inboundTrust",
    "automaticUserConsentSettings",
    "isServiceProvider",
    "isInMultiTenantOrganization",
    "allowedCloudEndpoints",
];

/// Whether the object has a member of Graph's settings, be it null.
pub(super) fn has_member(members: &Document) -> bool {
    let is_of_settings = |name: &String| {
        let mut known = MEMBERS.iter();
        known.any(|known| known.eq_ignore_ascii_case(name))
    };
    members.keys().any(is_of_settings)
}

/// Whether an object is meant to be settings: by the name of its file or of the folder that is in, by its type, or by a member.
pub(crate) fn is_about(file: &Path, members: &Document) -> bool {
    let names = [file.file_stem(), file.parent().and_then(Path::file_name)];
    let mut names = names.into_iter().flatten();
    let types = ["@odata.type", "@odata.context"].into_iter();
    let mut types = types.filter_map(|name| members.get(name)?.as_str());
    let is_b2b = |name: &String| name.to_ascii_lowercase().starts_with("b2b");
    names.any(|name| says_so(&name.to_string_lossy()))
        || types.any(says_so)
        || members.keys().any(is_b2b)
        || has_member(members)
}

fn says_so(text: &str) -> bool {
    let letters = text.chars().filter(char::is_ascii_alphabetic);
    let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    letters.contains("crosstenant")
}

/// One object with `default` and `partners`.
pub(crate) fn read_whole(
    members: &Document,
    own: TenantId,
) -> Result<CrossTenantAccessPolicy, Refusal> {
    let is_part = |name: &String| {
        name.eq_ignore_ascii_case("default") || name.eq_ignore_ascii_case("partners")
    };
    if members.is_empty() || members.keys().any(is_part) {
        return CrossTenantAccessPolicy::from_document(members, own);
    }
    let names = members.keys().filter(|name| !name.contains('@')).take(3);
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    let has = if names.is_empty() {
        "no member".to_owned()
    } else {
        names.join(", ")
    };
    let mut findings = Findings::default();
    findings.add(
        "$",
        Reason::Missing,
        format!("no cross-tenant access settings, where some are meant (it has {has})"),
        "Graph's answer to `policies/crossTenantAccessPolicy/default` or to `…/partners`, or one object with both, `default` and `partners`",
    );
    findings.into_result(None)
}

/// The settings for every other tenant, as Graph answers them by themselves.
pub(crate) fn read_default(
    members: &Document,
    own: TenantId,
) -> Result<CrossTenantSettings, Refusal> {
    let mut whole = Document::new();
    whole.insert("default".into(), Value::Object(members.clone()));
    Ok(read_part(&whole, "$.default", own)?.default)
}

/// The settings for one other tenant, in a list of one.
pub(crate) fn read_partner(
    members: &Document,
    own: TenantId,
) -> Result<Vec<CrossTenantPartner>, Refusal> {
    let mut whole = Document::new();
    let list = vec![Value::Object(members.clone())];
    whole.insert("partners".into(), Value::Array(list));
    Ok(read_part(&whole, "$.partners[0]", own)?.partners)
}

/// Reads settings wrapped as a whole; findings are told as seen from the part itself.
fn read_part(
    whole: &Document,
    part: &str,
    own: TenantId,
) -> Result<CrossTenantAccessPolicy, Refusal> {
    let read = CrossTenantAccessPolicy::from_document(whole, own);
    read.map_err(|mut refusal| {
        for finding in &mut refusal.findings {
            if let Some(rest) = finding.path.strip_prefix(part) {
                finding.path = format!("${rest}");
            }
        }
        refusal
    })
}
