//! Reads a Graph `group` with its members, and a `unifiedRoleAssignment`.

use std::collections::BTreeSet;

use super::{Group, RoleAssignment};
use crate::document::{Document, Findings, Reason, Refusal, read_typed};
use crate::organization::check_name;

impl Group {
    /// The group a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let group: Self = read_typed(document)?;
        let mut findings = Findings::default();
        check_name(&group.display_name, &mut findings);
        let mut seen = BTreeSet::new();
        for (index, member) in group.members.iter().enumerate() {
            let path = format!("$.members[{index}]");
            if *member == group.id.uuid() {
                findings.add(
                    path,
                    Reason::Value,
                    "the group itself",
                    "users and other groups",
                );
            } else if !seen.insert(member) {
                findings.add(
                    path,
                    Reason::Duplicate,
                    format!("`{member}`"),
                    "each member once",
                );
            }
        }
        findings.into_result(Some(group))
    }
}

impl RoleAssignment {
    /// The role assignment a Graph document describes. Only the tenant as a whole is a scope here: a role that is
    /// narrower must not count as one that is not.
    pub fn from_document(mut document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let scope = document.remove("directoryScopeId");
        if let Some(scope) = scope.filter(|scope| !scope.is_null() && scope != "/") {
            findings.add(
                "$.directoryScopeId",
                Reason::NotEnforced("a role with a narrower scope than the tenant"),
                crate::document::shown(&scope),
                "`/`",
            );
        }
        let assignment = read_typed(document);
        match assignment {
            Ok(assignment) => findings.into_result(Some(assignment)),
            Err(refusal) => {
                findings.take_over("$", refusal);
                findings.into_result(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "11111111-1111-4111-8111-111111111111";

    fn group(members: &Value) -> Result<Group, Refusal> {
        let document = json!({"id": ID, "displayName": "Staff", "members": members});
        Group::from_document(document.as_object().unwrap().clone())
    }

    #[test]
    fn a_group_has_each_member_once_and_never_itself() {
        let other = "22222222-2222-4222-8222-222222222222";
        assert!(group(&json!([])).is_ok());
        assert!(group(&json!([other])).is_ok());
        assert!(group(&json!([other, other])).is_err());
        assert!(group(&json!([ID])).is_err());
        assert!(group(&json!(["Staff"])).is_err());
    }

    #[test]
    fn a_role_with_a_narrow_scope_is_refused() {
        let assignment = |scope: Value| {
            let document =
                json!({"principalId": ID, "roleDefinitionId": ID, "directoryScopeId": scope});
            RoleAssignment::from_document(document.as_object().unwrap().clone())
        };
        assert!(assignment(Value::Null).is_ok());
        assert!(assignment(json!("/")).is_ok());
        assert!(assignment(json!("/administrativeUnits/1")).is_err());
    }
}
