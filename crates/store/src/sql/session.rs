//! Statements about authentication sessions, the clients in them, and consent.

statements! {
    /// $2 id, $3 cookie hash, $4 user or null, $5 subject, $6 evidence, $7 begin, $8 expiry, $9 persistence.
    OPEN_SESSION = "INSERT INTO authentication_session (tenant_id, session_id, cookie_hash, \
        user_id, subject, evidence, created_at, expires_at, is_persistent) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";

    /// $2 id, $3 cookie hash that was read, $4 new cookie hash, $5 evidence, $6 expiry, $7 persistence.
    RENEW_SESSION = "UPDATE authentication_session \
        SET cookie_hash = $4, evidence = $5, expires_at = $6, is_persistent = $7 \
        WHERE tenant_id = $1 AND session_id = $2 AND cookie_hash = $3";

    END_SESSION = "DELETE FROM authentication_session WHERE tenant_id = $1 AND session_id = $2";

    END_SESSIONS_OF_USER = "DELETE FROM authentication_session \
        WHERE tenant_id = $1 AND user_id = $2";

    FIND_SESSION = "SELECT session_id, cookie_hash, subject, evidence, created_at, expires_at, \
        is_persistent FROM authentication_session WHERE tenant_id = $1 AND session_id = $2";

    FIND_SESSION_BY_COOKIE = "SELECT session_id, cookie_hash, subject, evidence, created_at, \
        expires_at, is_persistent FROM authentication_session \
        WHERE tenant_id = $1 AND cookie_hash = $2";

    /// Touches one row if and only if the session exists. $2 session, $3 client, $4 subject, $5 correlation id.
    JOIN_SESSION = "INSERT INTO session_client \
        (tenant_id, session_id, client_id, subject, correlation_id) \
        SELECT tenant_id, session_id, $3, $4, $5 FROM authentication_session \
        WHERE tenant_id = $1 AND session_id = $2 \
        ON CONFLICT (tenant_id, session_id, client_id) DO UPDATE SET subject = excluded.subject";

    LIST_SESSION_CLIENTS = "SELECT session_id, client_id, subject, correlation_id \
        FROM session_client WHERE tenant_id = $1 AND session_id = $2 ORDER BY client_id";

    /// $2 user, $3 client, $4 scope, $5 when.
    GRANT_CONSENT = "INSERT INTO consent (tenant_id, user_id, client_id, scope, granted_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

    CONSENTED_SCOPES = "SELECT scope FROM consent \
        WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 ORDER BY scope";

    REMOVE_CONSENTS_OF_USER = "DELETE FROM consent WHERE tenant_id = $1 AND user_id = $2";
}
