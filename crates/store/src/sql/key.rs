//! Statements about the tenant's signing keys.

statements! {
    LIST_SIGNING_KEYS = "SELECT key_id, algorithm, private_key, public_jwk, created_at, active_from, \
        retired_at, not_after FROM signing_key \
        WHERE tenant_id = $1 ORDER BY created_at DESC, active_from DESC, key_id";

    /// $2 kid, $3 algorithm, $4 sealed key, $5 JWK, $6 made, $7 active from, $8 retired or null, $9 not after.
    ADD_SIGNING_KEY = "INSERT INTO signing_key (tenant_id, key_id, algorithm, private_key, \
        public_jwk, created_at, active_from, retired_at, not_after) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";

    FIND_KEY_CHECK = "SELECT sealed FROM key_check WHERE tenant_id = $1";

    KEEP_KEY_CHECK = "INSERT INTO key_check (tenant_id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    /// $2 kid, $3 retired, $4 not after.
    RETIRE_SIGNING_KEY = "UPDATE signing_key SET retired_at = $3, not_after = $4 \
        WHERE tenant_id = $1 AND key_id = $2";
}
