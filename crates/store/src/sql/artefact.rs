//! Statements about one-use artefacts: transactions, codes, refresh tokens, grants, assertion ids.

statements! {
    /// $2 id, $3 browser hash, $4 state, $5 expiry.
    BEGIN_TRANSACTION = "INSERT INTO sign_in_transaction \
        (tenant_id, transaction_id, version, browser_hash, state, expires_at) \
        VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT DO NOTHING";

    /// $2 id, $3 version that was read, $4 now, $5 state, $6 expiry.
    ADVANCE_TRANSACTION = "UPDATE sign_in_transaction \
        SET version = version + 1, state = $5, expires_at = $6 \
        WHERE tenant_id = $1 AND transaction_id = $2 AND version = $3 AND expires_at > $4";

    /// $2 id, $3 version that was read, $4 now.
    END_TRANSACTION = "DELETE FROM sign_in_transaction \
        WHERE tenant_id = $1 AND transaction_id = $2 AND version = $3 AND expires_at > $4";

    FIND_TRANSACTION = "SELECT transaction_id, version, browser_hash, state, expires_at \
        FROM sign_in_transaction WHERE tenant_id = $1 AND transaction_id = $2";

    /// Makes sure that a grant has a row that lives at least until $5; touches nothing when it was revoked.
    /// $2 grant, $3 user or null, $4 session, $5 expiry.
    KEEP_GRANT = "INSERT INTO grant_family \
        (tenant_id, grant_id, user_id, session_id, revoked, expires_at) \
        VALUES ($1, $2, $3, $4, false, $5) \
        ON CONFLICT (tenant_id, grant_id) DO UPDATE SET expires_at = \
            CASE WHEN grant_family.expires_at < excluded.expires_at \
                THEN excluded.expires_at ELSE grant_family.expires_at END \
        WHERE NOT grant_family.revoked";

    /// Revokes a grant, also one of which nothing was kept yet. $2 grant.
    REVOKE_GRANT = "INSERT INTO grant_family \
        (tenant_id, grant_id, user_id, session_id, revoked, expires_at) \
        VALUES ($1, $2, NULL, NULL, true, NULL) \
        ON CONFLICT (tenant_id, grant_id) DO UPDATE SET revoked = true";

    /// $2 session.
    REVOKE_GRANTS_OF_SESSION = "UPDATE grant_family SET revoked = true \
        WHERE tenant_id = $1 AND session_id = $2 AND NOT revoked";

    /// $2 user.
    REVOKE_GRANTS_OF_USER = "UPDATE grant_family SET revoked = true \
        WHERE tenant_id = $1 AND user_id = $2 AND NOT revoked";

    /// Must run before the sessions are deleted: people without a user object are found by them. $2 user or null, $3
    /// subject, $4 the session that stays.
    REVOKE_GRANTS_OF_OTHER_SESSIONS = "UPDATE grant_family SET revoked = true \
        WHERE tenant_id = $1 AND NOT revoked AND (session_id IS NULL OR session_id <> $4) \
        AND (user_id = $2 OR session_id IN ( \
            SELECT session_id FROM authentication_session \
            WHERE authentication_session.tenant_id = $1 AND authentication_session.subject = $3))";

    IS_GRANT_REVOKED = "SELECT revoked FROM grant_family WHERE tenant_id = $1 AND grant_id = $2";

    /// $2 hash, $3 grant, $4 grant document, $5 redirect URI, $6 challenge, $7 nonce, $8 expiry.
    ISSUE_CODE = "INSERT INTO authorization_code (tenant_id, code_hash, grant_id, grant_document, \
        redirect_uri, code_challenge, nonce, expires_at, spent) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false) ON CONFLICT DO NOTHING";

    /// $2 hash.
    SPEND_CODE = "UPDATE authorization_code SET spent = true \
        WHERE tenant_id = $1 AND code_hash = $2 AND NOT spent AND EXISTS ( \
            SELECT 1 FROM grant_family WHERE grant_family.tenant_id = $1 \
            AND grant_family.grant_id = authorization_code.grant_id AND NOT grant_family.revoked)";

    /// A code whose grant has no row counts as revoked.
    FIND_CODE = "SELECT c.code_hash, c.grant_document, c.redirect_uri, c.code_challenge, c.nonce, \
        c.expires_at, c.spent, coalesce(g.revoked, true) AS revoked \
        FROM authorization_code c LEFT JOIN grant_family g \
            ON g.tenant_id = c.tenant_id AND g.grant_id = c.grant_id \
        WHERE c.tenant_id = $1 AND c.code_hash = $2";

    /// $2 hash, $3 grant, $4 grant document, $5 family expiry, $6 expiry.
    ISSUE_REFRESH_TOKEN = "INSERT INTO refresh_token (tenant_id, token_hash, grant_id, \
        grant_document, family_expires_at, expires_at, spent) \
        VALUES ($1, $2, $3, $4, $5, $6, false) ON CONFLICT DO NOTHING";

    /// $2 hash.
    SPEND_REFRESH_TOKEN = "UPDATE refresh_token SET spent = true \
        WHERE tenant_id = $1 AND token_hash = $2 AND NOT spent AND EXISTS ( \
            SELECT 1 FROM grant_family WHERE grant_family.tenant_id = $1 \
            AND grant_family.grant_id = refresh_token.grant_id AND NOT grant_family.revoked)";

    /// A token whose grant has no row counts as revoked.
    FIND_REFRESH_TOKEN = "SELECT t.token_hash, t.grant_document, t.family_expires_at, t.expires_at, \
        t.spent, coalesce(g.revoked, true) AS revoked \
        FROM refresh_token t LEFT JOIN grant_family g \
            ON g.tenant_id = t.tenant_id AND g.grant_id = t.grant_id \
        WHERE t.tenant_id = $1 AND t.token_hash = $2";

    /// $2 client, $3 hash of the `jti`, $4 expiry.
    SPEND_ASSERTION_ID = "INSERT INTO assertion_id (tenant_id, client_id, id_hash, expires_at) \
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
}
