//! Reads a Graph `organization`: its domains decide where people sign in, its branding is shown to everybody.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Organization, OrganizationalBranding, POLICY_CHANGE_GUARD, PolicyChangeGuard,
    STRENGTHS_FOR_ALL_GUESTS,
};
use crate::document::{Document, Findings, Reason, Refusal, read_typed, shown, shown_text};

impl Organization {
    /// The organisation a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let organization: Self = read_typed(document)?;
        let mut findings = Findings::default();
        if organization.id.uuid().is_nil() {
            findings.add("$.id", Reason::Value, "zeros", "the id of a tenant");
        }
        check_name(&organization.display_name, &mut findings);
        check_domains(&organization, &mut findings);
        if let Some(branding) = &organization.branding {
            check_branding(branding, &mut findings);
        }
        let setting = organization.other.get(STRENGTHS_FOR_ALL_GUESTS);
        if let Some(other) = setting.filter(|setting| !setting.is_boolean()) {
            let path = format!("$.{STRENGTHS_FOR_ALL_GUESTS}");
            findings.add(path, Reason::Shape, shown(other), "`true` or `false`");
        }
        let setting = organization.other.get(POLICY_CHANGE_GUARD);
        let is_known = |setting: &Value| {
            let word = setting.as_str().and_then(PolicyChangeGuard::parse);
            setting.is_null() || word.is_some()
        };
        if let Some(other) = setting.filter(|setting| !is_known(setting)) {
            let path = format!("$.{POLICY_CHANGE_GUARD}");
            let expected = "`refuse`, `warn` or `off`";
            findings.add(path, Reason::Value, shown(other), expected);
        }
        findings.into_result(Some(organization))
    }
}

/// People choose by this name; nothing may be hidden in it.
pub(crate) fn check_name(name: &str, findings: &mut Findings) {
    const LENGTH_CHARACTERS_MAX: usize = 256;
    let fits = !name.trim().is_empty()
        && name.chars().count() <= LENGTH_CHARACTERS_MAX
        && !name.chars().any(char::is_control);
    if !fits {
        findings.add(
            "$.displayName",
            Reason::Value,
            shown_text(name),
            "a name of 1 to 256 characters without control characters",
        );
    }
}

fn check_domains(organization: &Organization, findings: &mut Findings) {
    let domains = &organization.verified_domains;
    if domains.is_empty() {
        findings.add(
            "$.verifiedDomains",
            Reason::Missing,
            "no domain",
            "at least one",
        );
    }
    let mut seen = BTreeSet::new();
    for (index, domain) in domains.iter().enumerate() {
        let path = format!("$.verifiedDomains[{index}].name");
        if !is_domain(&domain.name) {
            findings.add(
                path,
                Reason::Value,
                shown_text(&domain.name),
                "a domain name in lower case ASCII",
            );
        } else if !seen.insert(domain.name.as_str()) {
            findings.add(
                path,
                Reason::Duplicate,
                shown_text(&domain.name),
                "each domain once",
            );
        }
    }
}

fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

fn check_branding(branding: &OrganizationalBranding, findings: &mut Findings) {
    if let Some(color) = &branding.background_color {
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            findings.add(
                "$.branding.backgroundColor",
                Reason::Value,
                shown_text(color),
                "`#rrggbb`",
            );
        }
    }
    for (name, text, characters_max) in [
        ("usernameHintText", &branding.username_hint_text, 64),
        ("signInPageText", &branding.sign_in_page_text, 1024),
    ] {
        let length = text.as_ref().map_or(0, |text| text.chars().count());
        if length > characters_max {
            findings.add(
                format!("$.branding.{name}"),
                Reason::Value,
                format!("{length} characters"),
                format!("at most {characters_max}"),
            );
        }
    }
    if let Some(logo) = branding
        .square_logo
        .as_deref()
        .filter(|logo| !is_logo(logo))
    {
        findings.add(
            "$.branding.squareLogo",
            Reason::Value,
            format!("{} characters", logo.len()),
            "a PNG or JPEG of at most 50 kB in base64",
        );
    }
}

/// The first bytes of PNG and JPEG files have a fixed spelling in base64.
fn is_logo(base64: &str) -> bool {
    const LENGTH_MAX: usize = 50 * 1024 / 3 * 4 + 4;
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let known = base64.starts_with("iVBORw0KGgo") || base64.starts_with("/9j/");
    let content = base64.trim_end_matches('=');
    known
        && base64.len() <= LENGTH_MAX
        && base64.len().is_multiple_of(4)
        && base64.len() - content.len() <= 2
        && content.bytes().all(alphabet)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn organization(change: impl Fn(&mut Value)) -> Result<Organization, Refusal> {
        let mut document = json!({
            "id": "11111111-1111-4111-8111-111111111111",
            "displayName": "Contoso",
            "verifiedDomains": [{"name": "contoso.example", "isInitial": true}],
            "branding": {"backgroundColor": "#0b3d62", "squareLogo": "iVBORw0KGgoA"}
        });
        change(&mut document);
        Organization::from_document(document.as_object().unwrap().clone())
    }

    #[test]
    fn a_good_organization_is_read() {
        assert_eq!(
            organization(|_| ()).unwrap().initial_domain(),
            Some("contoso.example")
        );
    }

    #[test]
    fn strengths_are_for_all_guests_only_where_the_tenant_says_so() {
        let says = |value: Value| {
            let read = organization(|document| document["strengthsForAllGuests"] = value.clone());
            read.map(|organization| organization.has_strengths_for_all_guests())
        };
        assert!(!organization(|_| ()).unwrap().has_strengths_for_all_guests());
        assert_eq!(says(json!(true)), Ok(true));
        assert_eq!(says(json!(false)), Ok(false));
        assert_eq!(
            says(json!("true")).unwrap_err().findings[0].reason,
            Reason::Shape
        );
    }

    #[test]
    fn changes_are_guarded_unless_the_tenant_says_otherwise() {
        let says = |value: Value| {
            let read = organization(|document| document["policyChangeGuard"] = value.clone());
            read.map(|organization| organization.policy_change_guard())
        };
        let unsaid = organization(|_| ()).unwrap();
        assert_eq!(unsaid.policy_change_guard(), PolicyChangeGuard::Refuse);
        for one in [
            PolicyChangeGuard::Refuse,
            PolicyChangeGuard::Warn,
            PolicyChangeGuard::Off,
        ] {
            assert_eq!(says(json!(one.word())), Ok(one));
        }
        for wrong in [json!("Off"), json!(false), json!("")] {
            let refusal = says(wrong).unwrap_err();
            assert_eq!(refusal.findings[0].path, "$.policyChangeGuard");
        }
    }

    #[test]
    fn what_would_mislead_is_refused() {
        for (pointer, value) in [
            ("/id", json!("00000000-0000-0000-0000-000000000000")),
            ("/displayName", json!(" ")),
            ("/displayName", json!("Contoso\u{7}")),
            ("/verifiedDomains", json!([])),
            ("/verifiedDomains/0/name", json!("Contoso.example")),
            ("/verifiedDomains/0/name", json!("contoso")),
            ("/verifiedDomains/0/name", json!("con_toso.example")),
            ("/verifiedDomains/0/name", json!("-contoso.example")),
            ("/branding/backgroundColor", json!("red;}")),
            ("/branding/squareLogo", json!("PHN2Zz4=")),
            ("/branding/squareLogo", json!("iVBORw0KGgo\"")),
        ] {
            let refusal =
                organization(|document| *document.pointer_mut(pointer).unwrap() = value.clone());
            assert_eq!(refusal.unwrap_err().findings.len(), 1, "{pointer} {value}");
        }
        let twice = json!([{"name": "a.example"}, {"name": "a.example"}]);
        let refusal = organization(|document| document["verifiedDomains"] = twice.clone());
        assert_eq!(refusal.unwrap_err().findings[0].reason, Reason::Duplicate);
    }
}
