// Never edited once released: a change is a new numbered migration.
export const factorUse = `
-- When somebody last signed in with it; 0: not since it was made. Passkeys of many devices keep no counter that would show it.
ALTER TABLE factor ADD COLUMN last_used_ms INTEGER NOT NULL DEFAULT 0;
`;
