//! Statements of an import: what a tenant has, and how it is made equal to a world.

statements! {
    /// Version 0; the import raises it when anything was added. $2 now, $3 organisation.
    ADD_TENANT = "INSERT INTO tenant (tenant_id, configuration_version, configuration_changed_at, \
        organization, cross_tenant_access_policy) VALUES ($1, 0, $2, $3, '{}') ON CONFLICT DO NOTHING";

    SET_ORGANIZATION = "UPDATE tenant SET organization = $2 WHERE tenant_id = $1";

    SET_CROSS_TENANT_ACCESS_POLICY = "UPDATE tenant SET cross_tenant_access_policy = $2 \
        WHERE tenant_id = $1";

    RAISE_CONFIGURATION_VERSION = "UPDATE tenant SET \
        configuration_version = configuration_version + 1, configuration_changed_at = $2 \
        WHERE tenant_id = $1";

    LIST_DOMAINS = "SELECT domain FROM verified_domain WHERE tenant_id = $1";
    RELEASE_DOMAIN = "DELETE FROM verified_domain WHERE tenant_id = $1 AND domain = $2";
    CLAIM_DOMAIN = "INSERT INTO verified_domain (tenant_id, domain) VALUES ($1, $2) \
        ON CONFLICT DO NOTHING";

    LIST_OWNED_CLIENTS = "SELECT client_id FROM application_owner WHERE tenant_id = $1";
    RELEASE_CLIENT = "DELETE FROM application_owner WHERE tenant_id = $1 AND client_id = $2";
    CLAIM_CLIENT = "INSERT INTO application_owner (tenant_id, client_id) VALUES ($1, $2) \
        ON CONFLICT DO NOTHING";

    /// $2 id, $3 kind.
    CLAIM_ID = "INSERT INTO claimed_id (tenant_id, object_id, kind) VALUES ($1, $2, $3) \
        ON CONFLICT DO NOTHING";
    FIND_CLAIM = "SELECT tenant_id, kind FROM claimed_id WHERE object_id = $1";

    LIST_USERS = "SELECT user_id, document FROM directory_user WHERE tenant_id = $1";
    /// $2 id, $3 document. Home account and names follow, when all users have let go of theirs.
    ADD_USER = "INSERT INTO directory_user (tenant_id, user_id, document) VALUES ($1, $2, $3)";
    RELEASE_USER = "UPDATE directory_user SET home_tenant_id = NULL, home_user_id = NULL, \
        document = $3 WHERE tenant_id = $1 AND user_id = $2";
    REMOVE_USER = "DELETE FROM directory_user WHERE tenant_id = $1 AND user_id = $2";
    RELEASE_USER_NAMES = "DELETE FROM user_name WHERE tenant_id = $1 AND user_id = $2";
    /// $2 name, $3 user, $4 whether it is the principal name.
    CLAIM_USER_NAME = "INSERT INTO user_name (tenant_id, name, user_id, is_principal) \
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// Touches nothing when another user stands for the account. $2 user, $3 home tenant, $4 home user.
    CLAIM_HOME_ACCOUNT = "UPDATE directory_user SET home_tenant_id = $3, home_user_id = $4 \
        WHERE tenant_id = $1 AND user_id = $2 AND NOT EXISTS (SELECT 1 FROM directory_user other \
            WHERE other.tenant_id = $1 AND other.home_tenant_id = $3 AND other.home_user_id = $4)";

    LIST_GROUPS = "SELECT group_id, document FROM directory_group WHERE tenant_id = $1";
    /// $2 id, $3 document.
    SET_GROUP = "INSERT INTO directory_group (tenant_id, group_id, document) VALUES ($1, $2, $3) \
        ON CONFLICT (tenant_id, group_id) DO UPDATE SET document = excluded.document";
    REMOVE_GROUP = "DELETE FROM directory_group WHERE tenant_id = $1 AND group_id = $2";
    REMOVE_GROUP_MEMBERS = "DELETE FROM group_member WHERE tenant_id = $1 AND group_id = $2";
    /// $2 group, $3 member.
    ADD_GROUP_MEMBER = "INSERT INTO group_member (tenant_id, group_id, member_id) \
        VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    ADD_ROLE_ASSIGNMENT = "INSERT INTO role_assignment (tenant_id, principal_id, role_id) \
        VALUES ($1, $2, $3)";
    REMOVE_ROLE_ASSIGNMENT = "DELETE FROM role_assignment \
        WHERE tenant_id = $1 AND principal_id = $2 AND role_id = $3";

    /// $2 kind.
    LIST_OBJECTS = "SELECT object_id, document FROM configuration_object \
        WHERE tenant_id = $1 AND kind = $2";
    /// $2 kind, $3 id, $4 document.
    SET_OBJECT = "INSERT INTO configuration_object (tenant_id, kind, object_id, document) \
        VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant_id, kind, object_id) DO UPDATE SET document = excluded.document";
    REMOVE_OBJECT = "DELETE FROM configuration_object \
        WHERE tenant_id = $1 AND kind = $2 AND object_id = $3";
}
