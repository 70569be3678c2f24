// Owns which migrations leave programs of the version before at work on the same database (adr/0021).
// I1: expanding is what such a program need not know: new tables, new indexes that forbid nothing, new columns that may stay
//     empty or have a default. Everything else contracts, whatever its author thinks of it.

/** Without comments. */
export const statementsOf = (ddl: string): readonly string[] =>
  ddl
    .replaceAll(/--[^\n]*/g, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');

const isNewColumn = (statement: string): boolean => {
  const [, words] = /^ALTER TABLE \w+ ADD COLUMN \w+ (.*)$/s.exec(statement) ?? [];
  if (words === undefined || /\b(UNIQUE|PRIMARY|REFERENCES|CHECK|GENERATED)\b/i.test(words)) return false;
  return !/\bNOT NULL\b/i.test(words) || /\bDEFAULT\b/i.test(words);
};

export const isIndex = (statement: string): boolean => /^CREATE INDEX \w+ ON /.test(statement);

/** I1. */
export const isExpanding = (ddl: string): boolean =>
  statementsOf(ddl).every((one) => /^CREATE TABLE \w+ \(/.test(one) || isIndex(one) || isNewColumn(one));

/** Programs that know fewer migrations than this may not use a database to which these have been applied. */
export const oldestFor = (steps: readonly string[]): number =>
  1 + steps.findLastIndex((ddl) => !isExpanding(ddl));
