-- A session's last use: what its owner recognises it by, and what its idle time is counted from. People who have no user
-- object here have sessions too, so their list goes by subject.

ALTER TABLE authentication_session ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE authentication_session ADD COLUMN last_ip_address TEXT;
ALTER TABLE authentication_session ADD COLUMN last_user_agent TEXT;
UPDATE authentication_session SET last_used_at = created_at;
CREATE INDEX authentication_session_subject ON authentication_session (tenant_id, subject, last_used_at);
