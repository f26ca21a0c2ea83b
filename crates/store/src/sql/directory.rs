//! Statements that read users, groups, roles and the tenant's configuration.

statements! {
    FIND_USER = "SELECT document, sessions_valid_from FROM directory_user \
        WHERE tenant_id = $1 AND user_id = $2";

    /// At most two rows: the owner of the principal name first, or two users who share an address.
    FIND_USERS_BY_NAME = "SELECT n.is_principal, u.document, u.sessions_valid_from FROM user_name n \
        JOIN directory_user u ON u.tenant_id = n.tenant_id AND u.user_id = n.user_id \
        WHERE n.tenant_id = $1 AND n.name = $2 ORDER BY n.is_principal DESC LIMIT 2";

    /// $2 home tenant, $3 home user.
    FIND_USER_BY_HOME_ACCOUNT = "SELECT document, sessions_valid_from FROM directory_user \
        WHERE tenant_id = $1 AND home_tenant_id = $2 AND home_user_id = $3";

    /// $2 the version that was read, $3 now.
    ADVANCE_CONFIGURATION = "UPDATE tenant SET \
        configuration_version = configuration_version + 1, configuration_changed_at = $3 \
        WHERE tenant_id = $1 AND configuration_version = $2";

    /// $2 user, $3 moment. A later moment that is there already stays.
    FORGET_SIGN_INS = "UPDATE directory_user SET sessions_valid_from = \
            CASE WHEN sessions_valid_from > $3 THEN sessions_valid_from ELSE $3 END \
        WHERE tenant_id = $1 AND user_id = $2";

    /// Groups with nesting followed, then roles held directly or through a group. `UNION` forgets what it has seen,
    /// so a circle of groups ends.
    MEMBERSHIPS = "WITH RECURSIVE belongs (id) AS ( \
            SELECT group_id FROM group_member WHERE tenant_id = $1 AND member_id = $2 \
            UNION \
            SELECT m.group_id FROM group_member m JOIN belongs b ON m.member_id = b.id \
            WHERE m.tenant_id = $1) \
        SELECT false AS is_role, id FROM belongs \
        UNION ALL \
        SELECT true AS is_role, role_id AS id FROM role_assignment \
        WHERE tenant_id = $1 AND (principal_id = $2 OR principal_id IN (SELECT id FROM belongs))";

    /// The user's document first, then a row for each membership as above: what a sign-in reads of a person, in one trip.
    FIND_USER_AND_MEMBERSHIPS = "WITH RECURSIVE belongs (id) AS ( \
            SELECT group_id FROM group_member WHERE tenant_id = $1 AND member_id = $2 \
            UNION \
            SELECT m.group_id FROM group_member m JOIN belongs b ON m.member_id = b.id \
            WHERE m.tenant_id = $1) \
        SELECT document, sessions_valid_from, NULL AS is_role, NULL AS id FROM directory_user \
        WHERE tenant_id = $1 AND user_id = $2 \
        UNION ALL \
        SELECT NULL, NULL, false, id FROM belongs \
        UNION ALL \
        SELECT NULL, NULL, true, role_id FROM role_assignment \
        WHERE tenant_id = $1 AND (principal_id = $2 OR principal_id IN (SELECT id FROM belongs))";

    FIND_CONFIGURATION_VERSION = "SELECT configuration_version FROM tenant WHERE tenant_id = $1";

    FIND_TENANT = "SELECT configuration_version, organization, cross_tenant_access_policy \
        FROM tenant WHERE tenant_id = $1";

    LIST_USERS = "SELECT document FROM directory_user WHERE tenant_id = $1 ORDER BY user_id";

    LIST_GROUPS = "SELECT document FROM directory_group WHERE tenant_id = $1 ORDER BY group_id";

    LIST_ROLE_ASSIGNMENTS = "SELECT principal_id, role_id FROM role_assignment \
        WHERE tenant_id = $1 ORDER BY principal_id, role_id";

    LIST_CONFIGURATION_OBJECTS = "SELECT kind, object_id, document FROM configuration_object \
        WHERE tenant_id = $1 ORDER BY kind, object_id";
}
