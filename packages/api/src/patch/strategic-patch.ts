// Owns strategic merge patch: JSON merge patch with lists merged by key, as told by the schema's
// x-kubernetes-patch-strategy and -merge-key, and the directives $patch, $retainKeys, $setElementOrder/<field> and
// $deleteFromPrimitiveList/<field> (Kubernetes apimachinery, strategicpatch).
// I1: neither argument is changed. I2: where the schema says nothing it is a JSON merge patch.
// I3: no directive and no null of the patch is ever stored.
import type { TSchema } from 'typebox';
import { isPlainObject, type JsonObject, refusePatch, safeEntries, withDepth } from './json.ts';
import {
  checkElementOrder,
  deleteFromList,
  type List,
  mergeLists,
  orderItems,
  placesFor,
} from './strategic-list.ts';
import { itemSchema, memberSchema, patchMeta, type SchemaNode } from './strategic-schema.ts';

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

type Fields = Map<string, unknown>;

/** Patch fields apart from the directives that stand beside them. */
interface PatchParts {
  readonly fields: Fields;
  readonly orders: ReadonlyMap<string, List>;
  readonly deletions: ReadonlyMap<string, List>;
  readonly retainKeys: ReadonlySet<unknown> | undefined;
}

const asList = (value: unknown, directive: string): List =>
  Array.isArray(value) ? value : refusePatch(`${directive} must be a list`);

const splitPatch = (patch: JsonObject): PatchParts => {
  const fields: Fields = new Map();
  const orders = new Map<string, List>();
  const deletions = new Map<string, List>();
  let retainKeys: ReadonlySet<unknown> | undefined;
  for (const [key, value] of safeEntries(patch)) {
    if (key === '$retainKeys') retainKeys = new Set(asList(value, key));
    else if (key.startsWith(orderPrefix)) orders.set(key.slice(orderPrefix.length), asList(value, key));
    else if (key.startsWith(deletePrefix)) deletions.set(key.slice(deletePrefix.length), asList(value, key));
    else fields.set(key, value);
  }
  return { fields, orders, deletions, retainKeys };
};

const retain = (result: Fields, { retainKeys, fields }: PatchParts): void => {
  if (retainKeys === undefined) return;
  for (const [key, value] of fields) {
    if (value !== null && !retainKeys.has(key))
      refusePatch(`"${key}" is set but is not among the $retainKeys`);
  }
  for (const key of [...result.keys()]) if (!retainKeys.has(key)) result.delete(key);
};

const isDirective = (key: string): boolean =>
  key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix) || key.startsWith(deletePrefix);

/**
 * A value of the patch that meets nothing: without nulls and directives. undefined: nothing is left. As upstream,
 * an object with a $patch directive is dropped whole, `replace` included.
 */
const stripped = (value: unknown, depth: number): unknown => {
  withDepth(depth);
  if (Array.isArray(value)) {
    return value.map((item) => stripped(item, depth + 1)).filter((item) => item !== undefined);
  }
  if (!isPlainObject(value)) return value;
  return Object.hasOwn(value, '$patch') ? undefined : strippedFields(value, depth);
};

const strippedFields = (value: JsonObject, depth: number): JsonObject =>
  Object.fromEntries(
    safeEntries(value)
      .filter(([key, inner]) => inner !== null && !isDirective(key))
      .map(([key, inner]) => [key, stripped(inner, depth + 1)] as const)
      .filter(([, inner]) => inner !== undefined),
  );

const setField = (result: Fields, key: string, value: unknown): void => {
  if (value === undefined) result.delete(key);
  else result.set(key, value);
};

const mergeField = (current: unknown, value: unknown, schema: SchemaNode, depth: number): unknown => {
  const meta = patchMeta(schema);
  if (isPlainObject(current) && isPlainObject(value)) {
    return meta.strategy === 'replace' ? stripped(value, depth) : mergeObject(current, value, schema, depth);
  }
  if (Array.isArray(current) && Array.isArray(value)) {
    const items = itemSchema(schema);
    if (meta.strategy !== 'merge') return stripped(value, depth);
    return mergeLists(current, value, meta.mergeKey, {
      merge: (original, patch) => mergeObject(original, patch, items, depth + 1),
      add: (patch) => strippedFields(patch, depth + 1),
    });
  }
  return stripped(value, depth);
};

const applyOrder = (
  result: unknown,
  original: unknown,
  patched: unknown,
  schema: SchemaNode,
  order: List,
): unknown => {
  const { mergeKey } = patchMeta(schema);
  const patch = Array.isArray(patched) ? patched : [];
  checkElementOrder(patch, order, mergeKey);
  if (!Array.isArray(result)) return result;
  return orderItems(
    result,
    order,
    placesFor(Array.isArray(original) ? original : [], patch, mergeKey),
    mergeKey,
  );
};

const mergeObject = (
  original: JsonObject,
  patch: JsonObject,
  schema: SchemaNode,
  depth: number,
): JsonObject => {
  withDepth(depth);
  const directive = patch['$patch'];
  if (directive === 'delete') return {};
  if (directive === 'replace') return strippedFields(patch, depth);
  if (directive !== undefined)
    refusePatch(`"$patch: ${String(directive).slice(0, 100)}" is not known (delete, replace)`);
  const parts = splitPatch(patch);
  const result: Fields = new Map(safeEntries(original));
  retain(result, parts);
  for (const [key, value] of parts.fields) {
    if (value === null) result.delete(key);
    else setField(result, key, mergeField(result.get(key), value, memberSchema(schema, key), depth + 1));
  }
  for (const [key, order] of parts.orders) {
    const field = memberSchema(schema, key);
    setField(result, key, applyOrder(result.get(key), original[key], parts.fields.get(key), field, order));
  }
  for (const [key, gone] of parts.deletions) {
    const list = result.get(key);
    if (Array.isArray(list)) result.set(key, deleteFromList(list, gone));
  }
  return Object.fromEntries(result);
};

/**
 * The target with a strategic merge patch applied, by the schema of the target. Throws ApiError BadRequest when
 * the patch is malformed or nested deeper than 64 levels.
 */
export const applyStrategicPatch = (target: unknown, patch: unknown, schema: TSchema): unknown => {
  if (!isPlainObject(target) || !isPlainObject(patch))
    return refusePatch('a strategic merge patch is an object');
  return mergeObject(target, patch, schema as SchemaNode, 0);
};
