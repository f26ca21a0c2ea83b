-- A known text, sealed with the master key, so that another key is noticed before anything is sealed with it. The row of
-- the installation has the id of the pseudo-tenant; a tenant with a key of its own would have another.

CREATE TABLE key_check (
    tenant_id UUID NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);
