// Never edited once released: a change is a new numbered migration. (0002 is the audit trail's, 0003 people's.)
export const sealedObjects = `
-- Number of the data key under which value is sealed; null: it is not.
ALTER TABLE object_log ADD COLUMN data_key INTEGER;
CREATE INDEX object_data_key ON object_log (data_key) WHERE data_key IS NOT NULL;
`;
