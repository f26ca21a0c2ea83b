//! Where in a policy's document ids stand, and so names.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::NameKind;

/// A name that stands where an id belongs.
#[derive(Debug)]
pub(crate) struct NamedPlace<'n> {
    /// Where, as a JSON path.
    pub(crate) path: String,
    /// What it should be the id of.
    pub(crate) kind: NameKind,
    /// The name.
    pub(crate) name: &'n str,
}

/// The lists of a policy whose members are ids, and the words that are none.
const LISTS: [(&[&str], NameKind, &[&str]); 19] = [
    (
        &["conditions", "users", "includeUsers"],
        NameKind::User,
        USERS,
    ),
    (
        &["conditions", "users", "excludeUsers"],
        NameKind::User,
        USERS,
    ),
    (
        &["conditions", "users", "includeGroups"],
        NameKind::Group,
        &[],
    ),
    (
        &["conditions", "users", "excludeGroups"],
        NameKind::Group,
        &[],
    ),
    (
        &["conditions", "users", "includeRoles"],
        NameKind::Role,
        &[],
    ),
    (
        &["conditions", "users", "excludeRoles"],
        NameKind::Role,
        &[],
    ),
    (
        &[
            "conditions",
            "users",
            "includeGuestsOrExternalUsers",
            "externalTenants",
            "members",
        ],
        NameKind::Tenant,
        &[],
    ),
    (
        &[
            "conditions",
            "users",
            "excludeGuestsOrExternalUsers",
            "externalTenants",
            "members",
        ],
        NameKind::Tenant,
        &[],
    ),
    (
        &["conditions", "applications", "includeApplications"],
        NameKind::Application,
        APPLICATIONS,
    ),
    (
        &["conditions", "applications", "excludeApplications"],
        NameKind::Application,
        APPLICATIONS,
    ),
    (
        &[
            "conditions",
            "applications",
            "includeAuthenticationContextClassReferences",
        ],
        NameKind::AuthenticationContext,
        &[],
    ),
    (
        &[
            "conditions",
            "clientApplications",
            "includeServicePrincipals",
        ],
        NameKind::ServicePrincipal,
        SERVICE_PRINCIPALS,
    ),
    (
        &[
            "conditions",
            "clientApplications",
            "excludeServicePrincipals",
        ],
        NameKind::ServicePrincipal,
        SERVICE_PRINCIPALS,
    ),
    (
        &["conditions", "locations", "includeLocations"],
        NameKind::NamedLocation,
        LOCATIONS,
    ),
    (
        &["conditions", "locations", "excludeLocations"],
        NameKind::NamedLocation,
        LOCATIONS,
    ),
    (&["grantControls", "termsOfUse"], NameKind::Agreement, &[]),
    (
        &["grantControls", "authenticationStrength"],
        NameKind::AuthenticationStrength,
        &[],
    ),
    (
        &["grantControls", "authenticationStrength", "id"],
        NameKind::AuthenticationStrength,
        &[],
    ),
    (
        &["grantControls", "authenticationStrength", "displayName"],
        NameKind::AuthenticationStrength,
        &[],
    ),
];

const USERS: &[&str] = &["All", "None", "GuestsOrExternalUsers"];
const APPLICATIONS: &[&str] = &[
    "All",
    "None",
    "Office365",
    "MicrosoftAdminPortals",
    "AllAgentIdResources",
];
const SERVICE_PRINCIPALS: &[&str] = &["ServicePrincipalsInMyTenant", "None"];
const LOCATIONS: &[&str] = &["All", "AllTrusted"];

/// Puts what `stands_for` answers in place of each name; a name for which it has no answer stays.
pub(crate) fn replace_names(
    policy: &mut Map<String, Value>,
    stands_for: &mut dyn FnMut(&NamedPlace<'_>) -> Option<String>,
) {
    for (path, kind, words) in LISTS {
        let mut replacing = Replacing {
            kind,
            words,
            stands_for,
        };
        replacing.below(policy, path, "$");
    }
}

struct Replacing<'r> {
    kind: NameKind,
    words: &'r [&'r str],
    stands_for: &'r mut dyn FnMut(&NamedPlace<'_>) -> Option<String>,
}

impl Replacing<'_> {
    fn below(&mut self, members: &mut Map<String, Value>, path: &[&str], outer: &str) {
        let [name, rest @ ..] = path else {
            return;
        };
        // A strength with an id is known by it; its name is only for people.
        if rest.is_empty() && *name == "displayName" && has_text(members, "id") {
            return;
        }
        let place = format!("{outer}.{name}");
        let found = members
            .iter_mut()
            .find(|(member, _)| member.eq_ignore_ascii_case(name));
        let Some((_, value)) = found else {
            return;
        };
        match value {
            Value::Object(inner) => self.below(inner, rest, &place),
            _ if !rest.is_empty() => {}
            Value::Array(list) => {
                for (index, value) in list.iter_mut().enumerate() {
                    self.replace(value, format!("{place}[{index}]"));
                }
            }
            Value::String(_) if *name == "displayName" => {
                let mut id = value.clone();
                self.replace(&mut id, place);
                if id != *value {
                    members.insert("id".into(), id);
                }
            }
            Value::String(_) => self.replace(value, place),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn replace(&mut self, value: &mut Value, path: String) {
        let Value::String(name) = value else {
            return;
        };
        let is_word = self
            .words
            .iter()
            .any(|word| word.eq_ignore_ascii_case(name));
        if is_word || name.trim().is_empty() || self.is_id(name.trim()) {
            return;
        }
        let kind = self.kind;
        let id = (self.stands_for)(&NamedPlace { path, kind, name });
        if let Some(id) = id {
            *value = Value::String(id);
        }
    }

    fn is_id(&self, text: &str) -> bool {
        if self.kind == NameKind::AuthenticationContext {
            let id = text.to_ascii_lowercase();
            let parsed: Result<
                portcullis_model::authentication_context::AuthenticationContextId,
                _,
            > = id.parse();
            return parsed.is_ok();
        }
        text.len() == 36 && Uuid::try_parse(text).is_ok()
    }
}

fn has_text(members: &Map<String, Value>, name: &str) -> bool {
    let mut texts = members
        .iter()
        .filter(|(member, _)| member.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str().unwrap_or_default());
    texts.any(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The policy with each name in angle brackets, and what was asked for.
    fn replaced(mut policy: Value) -> (Value, Vec<(String, NameKind)>) {
        let mut asked = Vec::new();
        replace_names(policy.as_object_mut().unwrap(), &mut |place| {
            asked.push((place.path.clone(), place.kind));
            (place.name != "Unknown").then(|| format!("<{}>", place.name))
        });
        (policy, asked)
    }

    #[test]
    fn names_are_replaced_and_ids_and_words_are_not() {
        let id = "11111111-1111-4111-8111-111111111111";
        let (policy, asked) = replaced(json!({
            "Conditions": {
                "users": {"includeUsers": ["all"], "ExcludeGroups": ["Break glass", id, "Unknown", 7], "includeRoles": "Reader"},
                "applications": {"includeApplications": ["Office365", "Payroll"], "includeAuthenticationContextClassReferences": ["c1", "Step up"]},
                "locations": {"includeLocations": ["AllTrusted", "HQ"]}
            },
            "grantControls": {"termsOfUse": ["Terms"]}
        }));
        assert_eq!(
            policy,
            json!({
                "Conditions": {
                    "users": {"includeUsers": ["all"], "ExcludeGroups": ["<Break glass>", id, "Unknown", 7], "includeRoles": "<Reader>"},
                    "applications": {"includeApplications": ["Office365", "<Payroll>"], "includeAuthenticationContextClassReferences": ["c1", "<Step up>"]},
                    "locations": {"includeLocations": ["AllTrusted", "<HQ>"]}
                },
                "grantControls": {"termsOfUse": ["<Terms>"]}
            })
        );
        assert_eq!(asked.len(), 7);
        let group = (
            "$.conditions.users.excludeGroups[2]".to_owned(),
            NameKind::Group,
        );
        assert!(asked.contains(&group));
    }

    #[test]
    fn a_strength_without_id_is_known_by_its_name() {
        let strength = |strength: Value| {
            let (policy, _) =
                replaced(json!({"grantControls": {"authenticationStrength": strength}}));
            policy["grantControls"]["authenticationStrength"].clone()
        };
        assert_eq!(strength(json!("Strong")), json!("<Strong>"));
        assert_eq!(
            strength(json!({"displayName": "Strong"})),
            json!({"displayName": "Strong", "id": "<Strong>"})
        );
        let id = "11111111-1111-4111-8111-111111111111";
        let whole = json!({"id": id, "displayName": "Strong"});
        assert_eq!(strength(whole.clone()), whole);
    }
}
