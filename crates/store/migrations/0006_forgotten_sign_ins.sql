-- The moment before which nothing of a user counts, as an administrator has set it here. It is beside the document, so that an
-- import of the document does not take it back.

ALTER TABLE directory_user ADD COLUMN sessions_valid_from BIGINT;
