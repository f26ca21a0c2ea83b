-- The first schema: directory, configuration, credentials, sessions, one-use artefacts, the sign-in log, keys.
--
-- One text for SQLite and PostgreSQL, so the types are PostgreSQL's names: SQLite keeps a UUID and a BYTEA as a
-- BLOB, a BIGINT as an INTEGER, a BOOLEAN as 0 or 1. Moments are microseconds since 1970 (UTC). Documents are JSON
-- in Graph's shape; what is searched for stands beside them in columns of its own.
--
-- Every table leads its primary key with tenant_id, so that it can be sharded by it and no statement can forget it.
-- Three maps do not, on purpose: they say which tenant owns a domain, a client id and an object id. They are
-- written by imports only.
--
-- Migrations only move forward: expand first, contract in a later release.

CREATE TABLE tenant (
    tenant_id UUID NOT NULL PRIMARY KEY,
    configuration_version BIGINT NOT NULL,
    configuration_changed_at BIGINT NOT NULL,
    organization TEXT NOT NULL,
    cross_tenant_access_policy TEXT NOT NULL
);

CREATE TABLE verified_domain (
    domain TEXT NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id)
);

CREATE TABLE application_owner (
    client_id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id)
);

-- Object ids that were ever given to a user, group, application or service principal. Rows are never deleted: an id
-- that was used once never names something else (requirement U04).
CREATE TABLE claimed_id (
    object_id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id),
    kind TEXT NOT NULL
);

-- Directory. `user` and `group` are reserved words.

CREATE TABLE directory_user (
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id),
    user_id UUID NOT NULL,
    home_tenant_id UUID,
    home_user_id UUID,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    UNIQUE (tenant_id, home_tenant_id, home_user_id)
);

-- Canonical names by which a user is found: the principal name is unique in a tenant, mail addresses need not be.
CREATE TABLE user_name (
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    user_id UUID NOT NULL,
    is_principal BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, name, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES directory_user (tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX user_name_principal ON user_name (tenant_id, name) WHERE is_principal;
CREATE INDEX user_name_user ON user_name (tenant_id, user_id);

CREATE TABLE directory_group (
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id),
    group_id UUID NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, group_id)
);

-- The members of the groups' documents once more, for the way from a member up to its groups.
CREATE TABLE group_member (
    tenant_id UUID NOT NULL,
    member_id UUID NOT NULL,
    group_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, member_id, group_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES directory_group (tenant_id, group_id) ON DELETE CASCADE
);
CREATE INDEX group_member_group ON group_member (tenant_id, group_id);

CREATE TABLE role_assignment (
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id),
    principal_id UUID NOT NULL,
    role_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, role_id)
);

-- Applications, service principals, policies, named locations: read whole, never searched.
CREATE TABLE configuration_object (
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id),
    kind TEXT NOT NULL,
    object_id UUID NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, object_id)
);

-- Credentials.

CREATE TABLE password (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES directory_user (tenant_id, user_id) ON DELETE CASCADE
);

CREATE TABLE totp (
    tenant_id UUID NOT NULL,
    method_id UUID NOT NULL,
    user_id UUID NOT NULL,
    seed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, method_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES directory_user (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX totp_user ON totp (tenant_id, user_id);

CREATE TABLE client_secret (
    tenant_id UUID NOT NULL REFERENCES tenant (tenant_id),
    client_id UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    hint TEXT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, client_id, secret_hash)
);

CREATE TABLE throttle (
    tenant_id UUID NOT NULL,
    throttle_key TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    window_started_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, throttle_key)
);

CREATE TABLE consent (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    client_id UUID NOT NULL,
    scope TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, client_id, scope)
);

-- What lives for minutes to months. The tables below do not reference `tenant`: transactions begun at `common`
-- belong to the pseudo-tenant that has no row there.

CREATE TABLE sign_in_transaction (
    tenant_id UUID NOT NULL,
    transaction_id UUID NOT NULL,
    version BIGINT NOT NULL,
    browser_hash BYTEA NOT NULL,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, transaction_id)
);
CREATE INDEX sign_in_transaction_expiry ON sign_in_transaction (expires_at);

CREATE TABLE authentication_session (
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    cookie_hash BYTEA NOT NULL,
    user_id UUID,
    subject TEXT NOT NULL,
    evidence TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    is_persistent BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, session_id),
    UNIQUE (tenant_id, cookie_hash)
);
CREATE INDEX authentication_session_user ON authentication_session (tenant_id, user_id);
CREATE INDEX authentication_session_expiry ON authentication_session (expires_at);

CREATE TABLE session_client (
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    client_id UUID NOT NULL,
    subject TEXT NOT NULL,
    correlation_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, session_id, client_id),
    FOREIGN KEY (tenant_id, session_id)
        REFERENCES authentication_session (tenant_id, session_id) ON DELETE CASCADE
);

-- One row per grant: what is issued from a grant lives as long as its row says so. A grant that was revoked before
-- anything was kept of it has neither user nor session, and gets its expiry when expired rows are next purged.
CREATE TABLE grant_family (
    tenant_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    user_id UUID,
    session_id UUID,
    revoked BOOLEAN NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, grant_id)
);
CREATE INDEX grant_family_user ON grant_family (tenant_id, user_id);
CREATE INDEX grant_family_session ON grant_family (tenant_id, session_id);
CREATE INDEX grant_family_expiry ON grant_family (expires_at);

CREATE TABLE authorization_code (
    tenant_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    grant_id UUID NOT NULL,
    grant_document TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    nonce TEXT,
    expires_at BIGINT NOT NULL,
    spent BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, code_hash)
);
CREATE INDEX authorization_code_expiry ON authorization_code (expires_at);

CREATE TABLE refresh_token (
    tenant_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    grant_id UUID NOT NULL,
    grant_document TEXT NOT NULL,
    family_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, token_hash)
);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

CREATE TABLE assertion_id (
    tenant_id UUID NOT NULL,
    client_id UUID NOT NULL,
    id_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, id_hash)
);
CREATE INDEX assertion_id_expiry ON assertion_id (expires_at);

-- Append-only. The key is the order in which the log is read, newest first.
CREATE TABLE sign_in_log (
    tenant_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    sign_in_id UUID NOT NULL,
    correlation_id UUID NOT NULL,
    user_id TEXT,
    user_name TEXT,
    client_id UUID,
    error_code BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, created_at, sign_in_id)
);
CREATE INDEX sign_in_log_user ON sign_in_log (tenant_id, user_id, created_at);
CREATE INDEX sign_in_log_user_name ON sign_in_log (tenant_id, user_name, created_at);
CREATE INDEX sign_in_log_correlation ON sign_in_log (tenant_id, correlation_id);

CREATE TABLE signing_key (
    tenant_id UUID NOT NULL,
    key_id TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    private_key BYTEA NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    retired_at BIGINT,
    not_after BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
);
