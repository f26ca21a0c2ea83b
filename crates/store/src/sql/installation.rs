//! Statements over all tenants, and the ones that begin and end units of work.

statements! {
    FIND_TENANT_BY_DOMAIN = "SELECT tenant_id FROM verified_domain WHERE domain = $1";

    FIND_APPLICATION_OWNER = "SELECT tenant_id FROM application_owner WHERE client_id = $1";

    LIST_TENANTS = "SELECT organization FROM tenant ORDER BY tenant_id";

    FIND_OLDEST_SEALED = "SELECT tenant_id, 'signing-key' AS purpose, private_key AS sealed, created_at \
        FROM signing_key UNION ALL SELECT tenant_id, 'totp-seed', seed, created_at FROM totp \
        ORDER BY created_at LIMIT 1";

    PING = "SELECT count(*) AS tables FROM tenant WHERE configuration_version < 0";

    COMMIT = "COMMIT";

    ROLLBACK = "ROLLBACK";

    /// Marks where one caller's changes begin, inside the transaction of a whole batch.
    MARK = "SAVEPOINT caller";

    FORGET_MARK = "RELEASE SAVEPOINT caller";

    /// Undoes one caller's changes; the mark stays.
    RETURN_TO_MARK = "ROLLBACK TO SAVEPOINT caller";
}
