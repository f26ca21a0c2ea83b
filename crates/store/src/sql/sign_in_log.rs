//! Statements about the sign-in log: one appends, the others read it by what they start from.
//!
//! In all reading ones: $2 client or null, $3 error number or null, $4 rows after this moment, $5 how many,
//! $6 how many to leave out, $7 interactive or not or null; $8 what the statement starts from. A filter compares before it asks for null: PostgreSQL takes a
//! parameter's type from where it first stands.

statements! {
    /// $2 when, $3 id, $4 correlation id, $5 user id, $6 canonical user name, $7 client, $8 error number, $9 document,
    /// $10 whether somebody sat in front of it.
    APPEND = "INSERT INTO sign_in_log (tenant_id, created_at, sign_in_id, correlation_id, user_id, \
        user_name, client_id, error_code, document, is_interactive) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";

    LIST = "SELECT document FROM sign_in_log WHERE tenant_id = $1 \
        AND (client_id = $2 OR $2 IS NULL) AND (error_code = $3 OR $3 IS NULL) AND created_at > $4 \
        AND (is_interactive = $7 OR $7 IS NULL) \
        ORDER BY created_at DESC, sign_in_id DESC LIMIT $5 OFFSET $6";

    LIST_OF_USER_ID = "SELECT document FROM sign_in_log WHERE tenant_id = $1 AND user_id = $8 \
        AND (client_id = $2 OR $2 IS NULL) AND (error_code = $3 OR $3 IS NULL) AND created_at > $4 \
        AND (is_interactive = $7 OR $7 IS NULL) \
        ORDER BY created_at DESC, sign_in_id DESC LIMIT $5 OFFSET $6";

    LIST_OF_USER_NAME = "SELECT document FROM sign_in_log WHERE tenant_id = $1 AND user_name = $8 \
        AND (client_id = $2 OR $2 IS NULL) AND (error_code = $3 OR $3 IS NULL) AND created_at > $4 \
        AND (is_interactive = $7 OR $7 IS NULL) \
        ORDER BY created_at DESC, sign_in_id DESC LIMIT $5 OFFSET $6";

    /// $9 user id or canonical name, or null. The `+` keeps the log's order from being preferred to the few rows of one
    /// sign-in.
    LIST_OF_CORRELATION = "SELECT document FROM sign_in_log \
        WHERE tenant_id = $1 AND correlation_id = $8 AND (user_id = $9 OR user_name = $9 OR $9 IS NULL) \
        AND (client_id = $2 OR $2 IS NULL) AND (error_code = $3 OR $3 IS NULL) AND +created_at > $4 \
        AND (is_interactive = $7 OR $7 IS NULL) \
        ORDER BY +created_at DESC, sign_in_id DESC LIMIT $5 OFFSET $6";
}
