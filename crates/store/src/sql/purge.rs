//! Statements that delete what has expired, over all tenants. $1 is the moment before which a row is deleted.

statements! {
    ALL_TRANSACTIONS = "DELETE FROM sign_in_transaction WHERE expires_at < $1";
    ALL_SESSIONS = "DELETE FROM authentication_session WHERE expires_at < $1";
    ALL_CODES = "DELETE FROM authorization_code WHERE expires_at < $1";
    ALL_REFRESH_TOKENS = "DELETE FROM refresh_token WHERE expires_at < $1";
    ALL_ASSERTION_IDS = "DELETE FROM assertion_id WHERE expires_at < $1";
    ALL_THROTTLES = "DELETE FROM throttle WHERE expires_at < $1";
    ALL_GRANTS = "DELETE FROM grant_family WHERE expires_at < $1";

    /// Gives grants that were revoked before anything was kept of them a last day. $1 that day.
    DATE_ALL_UNKNOWN_GRANTS = "UPDATE grant_family SET expires_at = $1 WHERE expires_at IS NULL";
}
