//! Reads a Graph `user`: a guest's name has its own form, and a home account is a whole one.

use super::{CanonicalName, User};
use crate::document::{Document, Findings, Reason, Refusal, read_typed, shown_text};
use crate::organization::check_name;

impl User {
    /// What marks the name of somebody who signs in elsewhere (specification 3.2).
    pub const EXTERNAL_MARK: &'static str = "#EXT#@";

    /// The user a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let user: Self = read_typed(document)?;
        let mut findings = Findings::default();
        if user.id.uuid().is_nil() {
            findings.add("$.id", Reason::Value, "zeros", "an object id");
        }
        check_name(&user.display_name, &mut findings);
        check_principal_name(&user, &mut findings);
        findings.into_result(Some(user))
    }
}

fn check_principal_name(user: &User, findings: &mut Findings) {
    const PATH: &str = "$.userPrincipalName";
    let name = &user.user_principal_name;
    let (local, domain) = name.rsplit_once('@').unwrap_or_default();
    let canonical = CanonicalName::parse(name).is_some_and(|it| it.as_str().len() == name.len());
    let plain = !name.chars().any(char::is_whitespace);
    if !canonical || !plain || local.is_empty() || domain.is_empty() {
        findings.add(
            PATH,
            Reason::Value,
            shown_text(name),
            "a name such as `ada@contoso.example`",
        );
        return;
    }
    let external = local.strip_suffix("#EXT#");
    let local = external.unwrap_or(local);
    if local.contains(['#', '@']) {
        findings.add(
            PATH,
            Reason::Value,
            shown_text(name),
            "`#` only in the form `ada_fabrikam.example#EXT#@contoso.example`, one `@`",
        );
    }
    if user.home_account.is_some() && external.is_none() {
        findings.add(
            PATH,
            Reason::Value,
            format!("{} with a home account", shown_text(name)),
            "the form `ada_fabrikam.example#EXT#@contoso.example` for somebody who signs in elsewhere",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn count_findings(name: &str, home: bool) -> usize {
        let id = "11111111-1111-4111-8111-111111111111";
        let mut document = json!({"id": id, "displayName": "Ada", "userPrincipalName": name});
        if home {
            document["homeAccount"] = json!({"tenantId": id, "userId": id});
        }
        let document = document.as_object().unwrap().clone();
        User::from_document(document).map_or_else(|refusal| refusal.findings.len(), |_| 0)
    }

    #[test]
    fn a_guest_has_the_form_of_a_guest() {
        assert_eq!(count_findings("ada@contoso.example", false), 0);
        assert_eq!(
            count_findings("ada_fabrikam.example#EXT#@contoso.example", true),
            0
        );
        assert_eq!(
            count_findings("ada_fabrikam.example#EXT#@contoso.example", false),
            0
        );
        assert_eq!(count_findings("ada@contoso.example", true), 1);
        for name in [
            "",
            "ada",
            "@contoso.example",
            "ada@",
            " ada@contoso.example",
            "a da@contoso.example",
            "a#da@contoso.example",
            "ada@fabrikam.example@contoso.example",
            "ada\n@contoso.example",
        ] {
            assert_eq!(count_findings(name, false), 1, "{name:?}");
        }
    }
}
