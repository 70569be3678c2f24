// Never edited once released: a change is a new numbered migration. (0002 is the audit trail's.)
export const people = `
-- Of a session or token: whose it is beyond the name, when it last served, and what else is known of it (JSON).
ALTER TABLE credential ADD COLUMN user_uid TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN last_used_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credential ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
CREATE INDEX credential_user ON credential (user);

-- What a person proves who they are with. mark only grows: the last time step of a code, the counter of a passkey.
CREATE TABLE factor (
  id TEXT PRIMARY KEY,
  user_uid TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  mark INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX factor_user ON factor (user_uid, kind);
CREATE INDEX factor_key ON factor (kind, key);

-- Failed tries to sign in: who guesses is slowed, also after a restart.
CREATE TABLE failed_try (key TEXT PRIMARY KEY, count INTEGER NOT NULL, last_ms INTEGER NOT NULL) WITHOUT ROWID;
`;
