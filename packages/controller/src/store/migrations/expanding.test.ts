import { expect, test } from 'vitest';
import { isExpanding, oldestFor } from './expanding.ts';
import { migrations } from './index.ts';

const column = (words: string) => `ALTER TABLE task ADD COLUMN more ${words};`;

test.each([
  'CREATE TABLE thing (id TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;',
  '-- Why; and how.\nCREATE INDEX task_more ON task (more) WHERE more IS NOT NULL;',
  column('TEXT'),
  column("TEXT NOT NULL DEFAULT ''"),
  `CREATE TABLE thing (id TEXT);\n${column('INTEGER')}\nCREATE INDEX thing_id ON thing (id);`,
])('is expanding: %s', (ddl) => {
  expect(isExpanding(ddl)).toBe(true);
});

test.each([
  'DROP TABLE task;',
  'ALTER TABLE task DROP COLUMN message;',
  'ALTER TABLE task RENAME COLUMN message TO words;',
  'CREATE UNIQUE INDEX task_node ON task (node);',
  "UPDATE task SET message = '';",
  column('TEXT NOT NULL'),
  column('TEXT UNIQUE'),
  column("TEXT DEFAULT '' CHECK (more <> node)"),
  `CREATE TABLE thing (id TEXT); DELETE FROM work;`,
])('is not: %s', (ddl) => {
  expect(isExpanding(ddl)).toBe(false);
});

test('a database is closed to programs that do not know its newest migration which contracts', () => {
  const steps = ['CREATE TABLE a (n TEXT);', 'DROP TABLE a;', 'CREATE TABLE b (n TEXT);'];
  expect([1, 2, 3].map((count) => oldestFor(steps.slice(0, count)))).toEqual([0, 2, 2]);
  expect(oldestFor(migrations)).toBe(0);
});
