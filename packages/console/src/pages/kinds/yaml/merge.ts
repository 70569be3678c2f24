// Owns joining two people's changes of one object, field by field.
// I1: what only one side changed is taken; what both changed alike is no conflict.
// I2: a list is one value: its order means something that field by field would be lost.
import type { Path } from '../schema/schema.ts';

export interface Change {
  readonly path: Path;
  /** undefined: taken away. */
  readonly value: unknown;
}

export interface Conflict {
  readonly path: Path;
  /** undefined, of each: not there. */
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
}

export interface Merge {
  /** What has to be done to mine, so that it holds what they changed. */
  readonly changes: readonly Change[];
  readonly conflicts: readonly Conflict[];
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSame = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  if (!isFields(a) || !isFields(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  );
};

const fieldOf = (value: unknown, key: string): unknown =>
  isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined;

const at = (path: Path, base: unknown, mine: unknown, theirs: unknown): Merge => {
  const nothing: Merge = { changes: [], conflicts: [] };
  if (isSame(base, theirs) || isSame(mine, theirs)) return nothing;
  if (isSame(base, mine)) return { changes: [{ path, value: theirs }], conflicts: [] };
  // Both changed it: field by field where both still have fields.
  if (!isFields(mine) || !isFields(theirs)) return { changes: [], conflicts: [{ path, base, mine, theirs }] };
  const keys = new Set([base, mine, theirs].flatMap((side) => (isFields(side) ? Object.keys(side) : [])));
  const parts = [...keys].map((key) =>
    at([...path, key], fieldOf(base, key), fieldOf(mine, key), fieldOf(theirs, key)),
  );
  return {
    changes: parts.flatMap(({ changes }) => changes),
    conflicts: parts.flatMap(({ conflicts }) => conflicts),
  };
};

/** `base`: what both began with. Absent and undefined are the same. */
export const mergeThreeWay = (base: unknown, mine: unknown, theirs: unknown): Merge =>
  at([], base, mine, theirs);
