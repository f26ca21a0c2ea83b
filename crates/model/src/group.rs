//! Groups, their members, and directory roles (Graph `group`, `unifiedRoleAssignment`).

mod document;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::id::{GroupId, RoleTemplateId};

/// Graph `group`, with its direct members' object ids (users or groups).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The object id.
    pub id: GroupId,
    /// The name people see.
    pub display_name: String,
    /// Object ids of direct members: users and groups of this tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Uuid>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Graph `unifiedRoleAssignment` at tenant scope: an active built-in role of a principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignment {
    /// The user or group that holds the role.
    pub principal_id: Uuid,
    /// The role template.
    pub role_definition_id: RoleTemplateId,
}

/// What a user belongs to, groups followed through nesting; roles held directly or through a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships {
    /// Transitive groups.
    pub groups: BTreeSet<GroupId>,
    /// Active roles at tenant scope.
    pub roles: BTreeSet<RoleTemplateId>,
}
