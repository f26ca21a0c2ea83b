//! Statements about passwords, TOTP authenticators, client secrets and throttles.

statements! {
    FIND_PASSWORD = "SELECT user_id, hash, changed_at FROM password \
        WHERE tenant_id = $1 AND user_id = $2";

    /// $2 user, $3 the hash that was verified, $4 new hash, $5 when.
    REHASH_PASSWORD = "UPDATE password SET hash = $4, changed_at = $5 \
        WHERE tenant_id = $1 AND user_id = $2 AND hash = $3";

    /// $2 user, $3 hash, $4 when.
    SET_PASSWORD = "INSERT INTO password (tenant_id, user_id, hash, changed_at) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, user_id) \
        DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at";

    LIST_TOTP = "SELECT method_id, user_id, seed, last_step, created_at FROM totp \
        WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, method_id";

    /// Touches nothing when the user is gone. $2 method, $3 user, $4 seed, $5 last step, $6 when.
    REGISTER_TOTP = "INSERT INTO totp (tenant_id, method_id, user_id, seed, last_step, created_at) \
        SELECT tenant_id, $2, user_id, $4, $5, $6 FROM directory_user \
        WHERE tenant_id = $1 AND user_id = $3 ON CONFLICT DO NOTHING";

    /// Replaces the seed of an authenticator of the same user; its used steps stay used. Parameters as above.
    SET_TOTP = "INSERT INTO totp (tenant_id, method_id, user_id, seed, last_step, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, method_id) \
        DO UPDATE SET seed = excluded.seed, created_at = excluded.created_at, last_step = \
            CASE WHEN totp.last_step < excluded.last_step \
                THEN excluded.last_step ELSE totp.last_step END \
        WHERE totp.user_id = excluded.user_id";

    /// $2 method, $3 step.
    USE_TOTP_STEP = "UPDATE totp SET last_step = $3 \
        WHERE tenant_id = $1 AND method_id = $2 AND last_step < $3";

    LIST_CLIENT_SECRETS = "SELECT client_id, secret_hash, hint, expires_at FROM client_secret \
        WHERE tenant_id = $1 AND client_id = $2 ORDER BY hint, secret_hash";

    REMOVE_CLIENT_SECRETS = "DELETE FROM client_secret WHERE tenant_id = $1 AND client_id = $2";

    /// $2 client, $3 hash, $4 hint, $5 expiry or null.
    ADD_CLIENT_SECRET = "INSERT INTO client_secret \
        (tenant_id, client_id, secret_hash, hint, expires_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

    FIND_THROTTLE = "SELECT attempts, last_at, locked_until FROM throttle \
        WHERE tenant_id = $1 AND throttle_key = $2";

    /// Charges one attempt, or touches nothing when the key is locked or its budget is used up. The first attempt
    /// after a lock or a whole window starts a new window. $2 key, $3 now, $4 most attempts, $5 now plus the window,
    /// $6 now minus the window.
    CHARGE_THROTTLE = "INSERT INTO throttle (tenant_id, throttle_key, attempts, window_started_at, \
            last_at, locked_until, expires_at) \
        SELECT $1, $2, 1, $3, $3, CASE WHEN $4 <= 1 THEN CAST($5 AS BIGINT) END, $5 WHERE $4 >= 1 \
        ON CONFLICT (tenant_id, throttle_key) DO UPDATE SET \
            attempts = CASE \
                WHEN throttle.locked_until IS NOT NULL OR throttle.window_started_at <= $6 THEN 1 \
                ELSE throttle.attempts + 1 END, \
            window_started_at = CASE \
                WHEN throttle.locked_until IS NOT NULL OR throttle.window_started_at <= $6 THEN $3 \
                ELSE throttle.window_started_at END, \
            locked_until = CASE \
                WHEN $4 <= 1 THEN CAST($5 AS BIGINT) \
                WHEN throttle.locked_until IS NOT NULL OR throttle.window_started_at <= $6 THEN NULL \
                WHEN throttle.attempts + 1 >= $4 THEN $5 END, \
            last_at = $3, \
            expires_at = $5 \
        WHERE CASE \
            WHEN throttle.locked_until IS NOT NULL THEN throttle.locked_until <= $3 \
            ELSE throttle.window_started_at <= $6 OR throttle.attempts < $4 END";

    CLEAR_THROTTLE = "DELETE FROM throttle WHERE tenant_id = $1 AND throttle_key = $2";

    /// An attempt that is taken back was let through, so it left room for itself: the lock it set goes with it.
    REFUND_THROTTLE = "UPDATE throttle SET attempts = attempts - 1, locked_until = NULL \
        WHERE tenant_id = $1 AND throttle_key = $2 AND attempts > 0";
}
