// Owns the difference of two objects as sets of fields (structured-merge-diff Compare).
import { isEqualJson, isPlainObject } from '../patch/json.ts';
import { itemSchema, memberSchema, type SchemaNode } from '../patch/strategic-schema.ts';
import { type FieldSet, type Fields, toSet } from './field-set.ts';
import { asList, asMap, commonShape, isEmptyContainer, itemsByStep } from './shape.ts';

export interface Comparison {
  readonly added: Fields;
  readonly removed: Fields;
  readonly modified: Fields;
}

const same: Comparison = { added: undefined, removed: undefined, modified: undefined };
const self = toSet(true, {});

const compareLeaf = (before: unknown, after: unknown): Comparison => {
  if (before === undefined) return { ...same, added: self };
  if (after === undefined) return { ...same, removed: self };
  return isEqualJson(before, after) ? same : { ...same, modified: self };
};

interface Part {
  readonly step: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly schema: SchemaNode;
  /** Compared as a whole: several items of one step. */
  readonly whole?: true;
}

const mapParts = (before: unknown, after: unknown, schema: SchemaNode): readonly Part[] => {
  const [a, b] = [asMap(before), asMap(after)];
  const keys = [...Object.keys(a), ...Object.keys(b).filter((key) => !Object.hasOwn(a, key))];
  return keys.map((key) => ({
    step: `f:${key}`,
    before: Object.hasOwn(a, key) ? a[key] : undefined,
    after: Object.hasOwn(b, key) ? b[key] : undefined,
    schema: memberSchema(schema, key),
  }));
};

const listParts = (
  before: unknown,
  after: unknown,
  keys: readonly string[],
  schema: SchemaNode,
): readonly Part[] => {
  const items = itemSchema(schema);
  const [a, b] = [itemsByStep(asList(before), keys, items), itemsByStep(asList(after), keys, items)];
  return [...new Set([...a.keys(), ...b.keys()])].map((step) => {
    const [old, now] = [a.get(step), b.get(step)];
    const single = (old?.length ?? 1) === 1 && (now?.length ?? 1) === 1;
    if (single) return { step, before: old?.[0], after: now?.[0], schema: items };
    return { step, before: old, after: now, schema: items, whole: true };
  });
};

const compareParts = (before: unknown, after: unknown, parts: readonly Part[]): Comparison => {
  const added: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  const modified: Record<string, FieldSet> = {};
  for (const part of parts) {
    const found = part.whole
      ? compareLeaf(part.before, part.after)
      : compareValues(part.before, part.after, part.schema);
    if (found.added !== undefined) added[part.step] = found.added;
    if (found.removed !== undefined) removed[part.step] = found.removed;
    if (found.modified !== undefined) modified[part.step] = found.modified;
  }
  return {
    added: toSet(before === undefined, added),
    removed: toSet(after === undefined, removed),
    modified: toSet(false, modified),
  };
};

const compareValues = (before: unknown, after: unknown, schema: SchemaNode): Comparison => {
  if (before === after) return same;
  const shape = commonShape(before, after, schema);
  const isLeaf = shape === undefined || shape.kind === 'leaf';
  if (isLeaf || (isEmptyContainer(before) && isEmptyContainer(after))) return compareLeaf(before, after);
  if (shape.kind === 'map') return compareParts(before, after, mapParts(before, after, schema));
  return compareParts(before, after, listParts(before, after, shape.keys, schema));
};

/** Which fields were added, removed and given another value. */
export const compareObjects = (before: unknown, after: unknown, schema: SchemaNode): Comparison =>
  isPlainObject(before) && isPlainObject(after)
    ? compareParts(before, after, mapParts(before, after, schema))
    : compareValues(before, after, schema);
