-- Without the row's id an index by person does not give the log's order, and SQLite then walks the tenant's whole log
-- instead of using it. Imports ask for the domains and client ids of one tenant, whose maps are keyed the other way.

DROP INDEX sign_in_log_user;
DROP INDEX sign_in_log_user_name;
CREATE INDEX sign_in_log_user ON sign_in_log (tenant_id, user_id, created_at, sign_in_id);
CREATE INDEX sign_in_log_user_name ON sign_in_log (tenant_id, user_name, created_at, sign_in_id);
CREATE INDEX verified_domain_tenant ON verified_domain (tenant_id);
CREATE INDEX application_owner_tenant ON application_owner (tenant_id);
