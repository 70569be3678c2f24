// Never edited once released: a change is a new numbered migration.
export const audit = `
-- The chain (@drover/api audit.ts): row is the canonical JSON that the hash is made of.
CREATE TABLE audit (seq INTEGER PRIMARY KEY, prev TEXT NOT NULL, hash TEXT NOT NULL, row TEXT NOT NULL);
-- The newest row that retention has removed: the next one follows it.
CREATE TABLE audit_anchor (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL);
`;
