// Owns what a schema says of a value for apply: which parts have owners of their own, and how list items are told apart
// (apimachinery's reading of x-kubernetes-list-type, map-type and the patch keys; atomic where nothing is said).
import type { Kind } from '../kind.ts';
import { isPlainObject, type JsonObject } from '../patch/json.ts';
import { memberSchema, patchMeta, type SchemaNode } from '../patch/strategic-schema.ts';
import { toKeyStep } from './field-set.ts';

export type Shape =
  /** A scalar, or a list or map that is owned as a whole. */
  | { readonly kind: 'leaf' }
  | { readonly kind: 'map' }
  /** Without keys: a set of scalars. */
  | { readonly kind: 'list'; readonly keys: readonly string[] };

const leaf: Shape = { kind: 'leaf' };
const map: Shape = { kind: 'map' };

const listShape = (schema: SchemaNode): Shape => {
  const type = schema?.['x-kubernetes-list-type'];
  const keys = schema?.['x-kubernetes-list-map-keys'];
  if (type === 'map' && Array.isArray(keys)) return { kind: 'list', keys: keys.map(String) };
  if (type === 'set') return { kind: 'list', keys: [] };
  if (type !== undefined) return leaf;
  const { strategy, mergeKey } = patchMeta(schema);
  if (strategy !== 'merge') return leaf;
  return { kind: 'list', keys: mergeKey === '' ? [] : [mergeKey] };
};

/** By which items of a list are told apart; none where nothing is said. */
export const listKeysOf = (schema: SchemaNode): readonly string[] => {
  const shape = listShape(schema);
  return shape.kind === 'list' ? shape.keys : [];
};

/** The schema of a kind as plain data, which it is. */
export const schemaOf = (kind: Pick<Kind, 'schema'>): SchemaNode => kind.schema as JsonObject;

export const shapeOf = (value: unknown, schema: SchemaNode): Shape => {
  if (Array.isArray(value)) return listShape(schema);
  if (!isPlainObject(value)) return leaf;
  return schema?.['x-kubernetes-map-type'] === 'atomic' ? leaf : map;
};

/** What two values have in common; undefined when one is a map and the other a list, say. Null goes with everything. */
export const commonShape = (a: unknown, b: unknown, schema: SchemaNode): Shape | undefined => {
  if (a === undefined || a === null) return shapeOf(b, schema);
  if (b === undefined || b === null) return shapeOf(a, schema);
  const [one, other] = [shapeOf(a, schema), shapeOf(b, schema)];
  return one.kind === other.kind ? one : undefined;
};

/** Whether the schema names the field, rather than allowing any key there. */
export const isNamedField = (schema: SchemaNode, field: string): boolean => {
  const properties = schema?.['properties'];
  return isPlainObject(properties) && Object.hasOwn(properties, field);
};

const keyValue = (item: JsonObject, key: string, schema: SchemaNode): unknown =>
  Object.hasOwn(item, key) ? item[key] : memberSchema(schema, key)?.['default'];

/** The step to an item of a list; undefined when it lacks a key, or is no scalar in a set. */
export const itemStep = (item: unknown, keys: readonly string[], items: SchemaNode): string | undefined => {
  if (keys.length === 0) {
    return typeof item === 'object' || item === undefined ? undefined : `v:${JSON.stringify(item)}`;
  }
  if (!isPlainObject(item)) return undefined;
  const values = keys.map((key) => [key, keyValue(item, key, items)] as const);
  if (values.some(([, value]) => value === undefined || typeof value === 'object')) return undefined;
  return toKeyStep(Object.fromEntries(values));
};

/** Items by their step, in order; an item that has none gets its index. Items of the same step stay together. */
export const itemsByStep = (
  list: readonly unknown[],
  keys: readonly string[],
  items: SchemaNode,
): ReadonlyMap<string, readonly unknown[]> => {
  const found = new Map<string, unknown[]>();
  for (const [index, item] of list.entries()) {
    const step = itemStep(item, keys, items) ?? `i:${index}`;
    const same = found.get(step);
    if (same === undefined) found.set(step, [item]);
    else same.push(item);
  }
  return found;
};

export const isEmptyContainer = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isPlainObject(value) && Object.keys(value).length === 0);

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const asMap = (value: unknown): JsonObject => (isPlainObject(value) ? value : {});
