//! Reads a policy's user condition: users, groups, roles, and external users by type and tenant.

use super::conditions::{check_stands_alone, one_of, read_id};
use super::{ExternalUserType, ExternalUserTypes, IncludeExclude, UserCondition, UserConditions};
use crate::document::{Findings, Members, Reason, shown, shown_text};
use crate::id::TenantId;

pub(super) fn read(conditions: &Members<'_>, findings: &mut Findings) -> UserConditions {
    let Some(users) = conditions.object("users", findings) else {
        let workload = conditions.set("clientApplications").is_some();
        if conditions.set("users").is_none() && !workload {
            findings.add(
                "$.conditions.users",
                Reason::Rule("CA-V03"),
                "no users",
                "an object with `includeUsers`, `includeGroups`, `includeRoles` or `includeGuestsOrExternalUsers`",
            );
        }
        return IncludeExclude {
            include: Vec::new(),
            exclude: Vec::new(),
        };
    };
    users.refuse_unknown(KNOWN, findings);
    let before = findings.count();
    let include = read_side(&users, &INCLUDE, findings);
    let named_nobody = users.set("includeUsers").is_some();
    if include.is_empty() && !named_nobody && findings.count() == before {
        findings.add(
            users.path(),
            Reason::Rule("CA-V09"),
            "nobody on the include side",
            "`includeUsers`, `includeGroups`, `includeRoles` or `includeGuestsOrExternalUsers`",
        );
    }
    IncludeExclude {
        include,
        exclude: read_side(&users, &EXCLUDE, findings),
    }
}

/// The members of one side.
struct Side {
    users: &'static str,
    groups: &'static str,
    roles: &'static str,
    external: &'static str,
    keywords: &'static [&'static str],
}

const INCLUDE: Side = Side {
    users: "includeUsers",
    groups: "includeGroups",
    roles: "includeRoles",
    external: "includeGuestsOrExternalUsers",
    keywords: &["All", "None", "GuestsOrExternalUsers"],
};

const EXCLUDE: Side = Side {
    users: "excludeUsers",
    groups: "excludeGroups",
    roles: "excludeRoles",
    external: "excludeGuestsOrExternalUsers",
    keywords: &["GuestsOrExternalUsers"],
};

const KNOWN: &[&str] = &[
    "includeUsers",
    "includeGroups",
    "includeRoles",
    "includeGuestsOrExternalUsers",
    "excludeUsers",
    "excludeGroups",
    "excludeRoles",
    "excludeGuestsOrExternalUsers",
];

fn read_side(users: &Members<'_>, side: &Side, findings: &mut Findings) -> Vec<UserCondition> {
    let mut entries = Vec::new();
    let named = users.texts(side.users, findings);
    check_stands_alone(&named, &["All", "None"], "CA-V09", findings);
    for (path, text) in named {
        let keyword = side
            .keywords
            .iter()
            .find(|name| name.eq_ignore_ascii_case(text));
        match keyword {
            Some(&"All") => entries.push(UserCondition::All),
            Some(&"GuestsOrExternalUsers") => entries.push(UserCondition::GuestsOrExternalUsers),
            Some(_) => {} // `None` names nobody
            None => {
                entries.extend(read_id((path, text), "a user", findings).map(UserCondition::User));
            }
        }
    }
    for entry in users.texts(side.groups, findings) {
        entries.extend(read_id(entry, "a group", findings).map(UserCondition::Group));
    }
    for entry in users.texts(side.roles, findings) {
        entries.extend(read_id(entry, "a role template", findings).map(UserCondition::Role));
    }
    entries.extend(read_external(users, side.external, findings));
    entries
}

fn read_external(
    users: &Members<'_>,
    name: &str,
    findings: &mut Findings,
) -> Option<UserCondition> {
    let external = users.object(name, findings)?;
    external.refuse_unknown(&["guestOrExternalUserTypes", "externalTenants"], findings);
    let types = read_types(&external, findings);
    let tenants = read_tenants(&external, findings);
    Some(UserCondition::ExternalUsers {
        types: types?,
        tenants: tenants?,
    })
}

fn read_types(external: &Members<'_>, findings: &mut Findings) -> Option<ExternalUserTypes> {
    const NAME: &str = "guestOrExternalUserTypes";
    let known: Vec<_> = ExternalUserType::ALL
        .iter()
        .map(|one| (one.name(), *one))
        .collect();
    let mut types = ExternalUserTypes::NONE;
    let given = external.texts(NAME, findings);
    let words = given
        .iter()
        .flat_map(|(path, text)| text.split(',').map(move |word| (path, word.trim())))
        .filter(|(_, word)| !word.is_empty() && !word.eq_ignore_ascii_case("none"));
    for (path, word) in words {
        let one = known
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        let Some((_, one)) = one else {
            findings.add(path, Reason::Value, shown_text(word), one_of(&known));
            return None;
        };
        types = types.with(*one);
    }
    if types.is_empty() {
        findings.add(
            external.path_of(NAME),
            Reason::Rule("CA-V10"),
            "no type of external user",
            one_of(&known),
        );
        return None;
    }
    Some(types)
}

/// The inner `None` is every tenant; the outer one is a finding.
#[expect(
    clippy::option_option,
    reason = "the inner option is the model's own `None` for every tenant"
)]
fn read_tenants(external: &Members<'_>, findings: &mut Findings) -> Option<Option<Vec<TenantId>>> {
    let before = findings.count();
    let Some(tenants) = external.object("externalTenants", findings) else {
        return (findings.count() == before).then_some(None);
    };
    tenants.refuse_unknown(&["membershipKind", "members"], findings);
    let kind = match tenants.text("membershipKind", findings) {
        Some(kind) => Some(kind),
        None => match tenants.odata_type() {
            Some("conditionalAccessAllExternalTenants") => Some("all"),
            Some("conditionalAccessEnumeratedExternalTenants") => Some("enumerated"),
            Some(_) | None => None,
        },
    };
    let members = tenants.texts("members", findings);
    let path = tenants.path_of("members");
    match kind {
        Some(kind) if kind.eq_ignore_ascii_case("all") => {
            if !members.is_empty() {
                let found = format!("{} tenants beside `all`", members.len());
                findings.add(
                    path,
                    Reason::Rule("CA-V11"),
                    found,
                    "no members, or `enumerated`",
                );
            }
            Some(None)
        }
        Some(kind) if kind.eq_ignore_ascii_case("enumerated") => {
            if members.is_empty() {
                findings.add(
                    path,
                    Reason::Rule("CA-V11"),
                    "no tenants",
                    "at least one tenant id",
                );
            }
            let tenants = members
                .into_iter()
                .filter_map(|entry| read_id(entry, "a tenant", findings))
                .collect();
            Some(Some(tenants))
        }
        Some(_) | None => {
            let found = tenants
                .value("membershipKind")
                .map_or_else(|| "nothing".into(), shown);
            findings.add(
                tenants.path_of("membershipKind"),
                Reason::Rule("CA-V11"),
                found,
                "`all` or `enumerated`",
            );
            None
        }
    }
}
