// Owns where in an object a cursor stands, read from the lines alone: while somebody types, the text is no YAML.
import type { Path } from '../schema/schema.ts';

export interface Cursor {
  /** Of the map or list in which the cursor stands; items of lists all are number 0. */
  readonly path: Path;
  /** The field whose value is being typed; undefined: a key is. */
  readonly key: string | undefined;
  /** What has been typed of the key or value. */
  readonly word: string;
  /** Column of the keys of this map. */
  readonly column: number;
  /** Keys that the map has already. */
  readonly siblings: readonly string[];
}

interface Entry {
  readonly column: number;
  /** undefined: a dash that begins an item. */
  readonly key: string | undefined;
}

const keyPattern = /^("[^"]*"|'[^']*'|[^\s#&*!|>%@`{}[\],:-][^:#]*?|-[^\s:#][^:#]*?)\s*:(?=\s|$)/;

const unquoted = (key: string): string => key.replace(/^(["'])(.*)\1$/, '$2');

/** What a line opens, from left to right: dashes, then perhaps a key. */
const entriesOf = (line: string): readonly Entry[] => {
  const entries: Entry[] = [];
  let column = line.length - line.trimStart().length;
  while (/^-(\s|$)/.test(line.slice(column))) {
    entries.push({ column, key: undefined });
    const rest = line.slice(column + 1);
    column += 1 + rest.length - rest.trimStart().length;
  }
  const key = keyPattern.exec(line.slice(column))?.[1];
  return key === undefined ? entries : [...entries, { column, key: unquoted(key) }];
};

const isContent = (line: string): boolean => line.trim() !== '' && !line.trimStart().startsWith('#');

/** Entries of lines, nearest first; a line is read from right to left. */
const upwards = (lines: readonly string[]): readonly Entry[] =>
  lines
    .toReversed()
    .filter(isContent)
    .flatMap((line) => entriesOf(line).toReversed());

/** A key of the same column is above a dash, since lists need not be indented. */
const pathAbove = (above: readonly Entry[], column: number) => {
  const path: (string | number)[] = [];
  const siblings: string[] = [];
  let here = column;
  let inItem = false;
  for (const entry of above) {
    const isParent = entry.column < here || (inItem && entry.key !== undefined && entry.column === here);
    if (isParent) {
      path.unshift(entry.key ?? 0);
      here = entry.column;
      inItem = entry.key === undefined;
    } else if (path.length === 0 && entry.column === column && entry.key !== undefined)
      siblings.push(entry.key);
  }
  return { path, siblings };
};

/** Keys of the same map below the cursor. */
const siblingsBelow = (lines: readonly string[], column: number): readonly string[] => {
  const found: string[] = [];
  for (const line of lines.filter(isContent)) {
    const entries = entriesOf(line);
    if ((entries[0]?.column ?? line.length - line.trimStart().length) < column) return found;
    for (const entry of entries)
      if (entry.column === column && entry.key !== undefined) found.push(entry.key);
  }
  return found;
};

export const cursorAt = (text: string, offset: number): Cursor => {
  const before = text.slice(0, offset).split('\n');
  const line = before.pop() ?? '';
  const [, ...below] = text.slice(offset).split('\n');
  const own = entriesOf(line);
  const key = own.at(-1)?.key;
  const dashes = own.filter((entry) => entry.key === undefined);
  const lastDash = dashes.at(-1);
  const start =
    lastDash === undefined ? line.length - line.trimStart().length : afterDash(line, lastDash.column);
  const column = key === undefined ? start : (own.at(-1)?.column ?? start);
  const typed = key === undefined ? line.slice(start) : line.slice(line.indexOf(':', column) + 1).trimStart();
  const above = [...dashes.toReversed(), ...upwards(before)];
  const { path, siblings } = pathAbove(above, column);
  return { path, key, word: typed, column, siblings: [...siblings, ...siblingsBelow(below, column)] };
};

const afterDash = (line: string, column: number): number => {
  const rest = line.slice(column + 1);
  return column + 1 + rest.length - rest.trimStart().length;
};
