// Never edited once released: a change is a new numbered migration.
export const controllers = `
-- To which controller the agent is, or was last, connected; '': not known.
ALTER TABLE agent ADD COLUMN controller TEXT NOT NULL DEFAULT '';
-- What waits for its one answer as signing in goes over several requests.
CREATE TABLE pending (
  id TEXT PRIMARY KEY,
  room TEXT NOT NULL,
  value TEXT NOT NULL,
  until_ms INTEGER NOT NULL
);
CREATE INDEX pending_until ON pending (room, until_ms);
`;
