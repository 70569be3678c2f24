// Owns joining two people's changes of one object, field by field.
// I1: what only one side changed is taken; what both changed alike is no conflict.
// I2: a list whose items have identities (identity.ts) is joined item by item; any other list, and a map that the
//     schema calls atomic, is one value: its order means something that would be lost.
// I3: indexes are of mine as it was before the first change.
import type { Path, Schemas } from '../schema/schema.ts';
import type { ItemStep } from './field-path.ts';
import { type Items, itemsByName } from './identity.ts';

export type MergePath = readonly (string | ItemStep)[];

export type Change =
  | {
      readonly path: MergePath;
      /** undefined: taken away. */
      readonly value: unknown;
    }
  | {
      readonly path: MergePath;
      /** The items of this list stand so; comes after what adds and removes items. */
      readonly order: readonly ItemStep[];
    };

export interface Conflict {
  readonly path: MergePath;
  /** undefined, of each: not there. */
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
}

export interface Merge {
  /** What has to be done to mine, in this order, so that it holds what they changed. */
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

const together = (parts: readonly Merge[]): Merge => ({
  changes: parts.flatMap(({ changes }) => changes),
  conflicts: parts.flatMap(({ conflicts }) => conflicts),
});

/** Any item stands for all of its list. */
const toSchemaPath = (path: MergePath): Path => path.map((step) => (typeof step === 'string' ? step : 0));

/** Names in the order of who has moved some, with what the other has added behind what it follows there. */
const joinedOrder = (
  base: Items,
  mine: Items,
  theirs: Items,
  kept: ReadonlySet<string>,
): readonly string[] => {
  const common = (one: Items, other: Items) => [...one.keys()].filter((name) => other.has(name));
  const isMoved = !isSame(common(base, mine), common(mine, base));
  const [first, second] = isMoved ? [mine, theirs] : [theirs, mine];
  const order = [...first.keys()].filter((name) => kept.has(name));
  let before = -1;
  for (const name of second.keys()) {
    if (!kept.has(name)) continue;
    const at = order.indexOf(name);
    if (at < 0) order.splice(before + 1, 0, name);
    before = at < 0 ? before + 1 : at;
  }
  return order;
};

const createMerger = (schemas: Schemas | undefined) => {
  const byItem = (path: MergePath, [base, mine, theirs]: readonly [Items, Items, Items]): Merge => {
    const stepOf = (name: string): ItemStep => ({ name, index: mine.get(name)?.index });
    const kept = new Set(mine.keys());
    const merge = together(
      [...new Set([...mine.keys(), ...theirs.keys()])].map((name) => {
        const of = [base, mine, theirs].map((items) => items.get(name)?.item);
        const part = at([...path, stepOf(name)], of[0], of[1], of[2]);
        const [whole] = part.changes.filter((change) => change.path.length === path.length + 1);
        if (whole !== undefined && 'value' in whole) {
          if (whole.value === undefined) kept.delete(name);
          else kept.add(name);
        }
        return part;
      }),
    );
    const order = joinedOrder(base, mine, theirs, kept);
    if (isSame(order, [...kept])) return merge;
    return { ...merge, changes: [...merge.changes, { path, order: order.map(stepOf) }] };
  };
  const byKey = (path: MergePath, base: unknown, mine: Fields, theirs: Fields): Merge => {
    const keys = new Set([base, mine, theirs].flatMap((side) => (isFields(side) ? Object.keys(side) : [])));
    return together(
      [...keys].map((key) =>
        at([...path, key], fieldOf(base, key), fieldOf(mine, key), fieldOf(theirs, key)),
      ),
    );
  };
  /** undefined: both are to be seen as one value (I2). */
  const inParts = (path: MergePath, base: unknown, mine: unknown, theirs: unknown): Merge | undefined => {
    const here = toSchemaPath(path);
    if (isFields(mine) && isFields(theirs))
      return schemas?.at(here)?.['x-kubernetes-map-type'] === 'atomic'
        ? undefined
        : byKey(path, base, mine, theirs);
    if (!Array.isArray(mine) || !Array.isArray(theirs)) return undefined;
    const [was, is, becomes] =
      itemsByName(schemas, here, [Array.isArray(base) ? base : [], mine, theirs]) ?? [];
    return was === undefined || is === undefined || becomes === undefined
      ? undefined
      : byItem(path, [was, is, becomes]);
  };
  const at = (path: MergePath, base: unknown, mine: unknown, theirs: unknown): Merge => {
    if (isSame(base, theirs) || isSame(mine, theirs)) return { changes: [], conflicts: [] };
    const parts = inParts(path, base, mine, theirs);
    if (parts !== undefined) return parts;
    return isSame(base, mine)
      ? { changes: [{ path, value: theirs }], conflicts: [] }
      : { changes: [], conflicts: [{ path, base, mine, theirs }] };
  };
  return at;
};

/** `base`: what both began with. Absent and undefined are the same. `schemas`: of the kind; without them lists are one value. */
export const mergeThreeWay = (base: unknown, mine: unknown, theirs: unknown, schemas?: Schemas): Merge =>
  createMerger(schemas)([], base, mine, theirs);
