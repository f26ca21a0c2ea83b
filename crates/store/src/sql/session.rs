//! Statements about authentication sessions, the clients in them, and consent.

statements! {
    /// $2 id, $3 cookie hash, $4 user or null, $5 subject, $6 evidence, $7 begin, $8 expiry, $9 persistence, $10 last
    /// use, $11 its address or null, $12 its user agent or null.
    OPEN_SESSION = "INSERT INTO authentication_session (tenant_id, session_id, cookie_hash, \
        user_id, subject, evidence, created_at, expires_at, is_persistent, \
        last_used_at, last_ip_address, last_user_agent) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";

    /// $2 id, $3 cookie hash that was read, $4 new cookie hash, $5 evidence, $6 expiry, $7 persistence, $8 last use, $9
    /// its address or null, $10 its user agent or null.
    RENEW_SESSION = "UPDATE authentication_session \
        SET cookie_hash = $4, evidence = $5, expires_at = $6, is_persistent = $7, \
            last_used_at = $8, last_ip_address = $9, last_user_agent = $10 \
        WHERE tenant_id = $1 AND session_id = $2 AND cookie_hash = $3";

    /// $2 id, $3 last use, $4 its address or null, $5 its user agent or null.
    USE_SESSION = "UPDATE authentication_session \
        SET last_used_at = $3, last_ip_address = $4, last_user_agent = $5 \
        WHERE tenant_id = $1 AND session_id = $2";

    END_SESSION = "DELETE FROM authentication_session WHERE tenant_id = $1 AND session_id = $2";

    END_SESSIONS_OF_USER = "DELETE FROM authentication_session \
        WHERE tenant_id = $1 AND user_id = $2";

    /// $2 subject, $3 the session that stays.
    END_OTHER_SESSIONS = "DELETE FROM authentication_session \
        WHERE tenant_id = $1 AND subject = $2 AND session_id <> $3";

    FIND_SESSION = "SELECT session_id, cookie_hash, subject, evidence, created_at, expires_at, \
        is_persistent, last_used_at, last_ip_address, last_user_agent \
        FROM authentication_session WHERE tenant_id = $1 AND session_id = $2";

    FIND_SESSION_BY_COOKIE = "SELECT session_id, cookie_hash, subject, evidence, created_at, \
        expires_at, is_persistent, last_used_at, last_ip_address, last_user_agent \
        FROM authentication_session WHERE tenant_id = $1 AND cookie_hash = $2";

    /// $2 subject, $3 how many.
    LIST_SESSIONS = "SELECT session_id, cookie_hash, subject, evidence, created_at, expires_at, \
        is_persistent, last_used_at, last_ip_address, last_user_agent \
        FROM authentication_session WHERE tenant_id = $1 AND subject = $2 \
        ORDER BY last_used_at DESC, session_id LIMIT $3";

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
