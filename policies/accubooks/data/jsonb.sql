-- Makes a copy keep the audit metadata as jsonb. The text that was hashed is lost: jsonb orders keys by length and then
-- by bytes. Nobody tampered with anything and every link holds, but an event recomputes only where that order happens
-- to be the application's own: no key, one key, or keys already in that order.

ALTER TABLE audit_events ALTER COLUMN metadata TYPE jsonb USING metadata::jsonb;
