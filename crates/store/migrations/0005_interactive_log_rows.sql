-- Whether a person sat in front of it: what people are shown of their own sign-ins. Earlier rows say so in their document, in which
-- no text can hold these quotes unescaped.

ALTER TABLE sign_in_log ADD COLUMN is_interactive BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE sign_in_log SET is_interactive = FALSE WHERE document LIKE '%"isInteractive":false%';
