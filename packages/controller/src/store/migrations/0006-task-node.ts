// Never edited once released: a change is a new numbered migration.
export const taskNode = `
-- What a node was asked to do, newest first (the table's own order within a node).
CREATE INDEX task_node ON task (node);
`;
