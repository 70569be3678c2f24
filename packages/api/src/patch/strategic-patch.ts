// Owns strategic merge patch: merging of lists by key, told by the schema's x-kubernetes-patch-* extensions.
import type { TSchema } from 'typebox';
import { isEqualJson, isPlainObject, type JsonObject, refusePatch, safeEntries, withDepth } from './json.ts';

type SchemaNode = Readonly<Record<string, unknown>> | undefined;

const propertyOf = (schema: SchemaNode, key: string): SchemaNode => {
  const properties = schema?.['properties'];
  if (isPlainObject(properties) && Object.hasOwn(properties, key)) return properties[key] as SchemaNode;
  return undefined;
};

const mergeList = (
  target: unknown,
  patch: readonly unknown[],
  schema: SchemaNode,
  depth: number,
): unknown => {
  if (schema?.['x-kubernetes-patch-strategy'] !== 'merge' || !Array.isArray(target)) return patch;
  const key = schema['x-kubernetes-patch-merge-key'];
  if (typeof key !== 'string') {
    return [...target, ...patch.filter((item) => !target.some((t) => isEqualJson(t, item)))];
  }
  const result: unknown[] = [...target];
  for (const item of patch) {
    if (!isPlainObject(item)) return refusePatch(`an item of the list lacks its key "${key}"`);
    const at = result.findIndex((t) => isPlainObject(t) && isEqualJson(t[key], item[key]));
    if (item['$patch'] === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0)
      result[at] = mergeObject(result[at] as JsonObject, item, schema['items'] as SchemaNode, depth + 1);
    else result.push(item);
  }
  return result;
};

const mergeObject = (
  target: JsonObject,
  patch: JsonObject,
  schema: SchemaNode,
  depth: number,
): JsonObject => {
  withDepth(depth);
  const result = new Map(safeEntries(target));
  for (const [key, value] of safeEntries(patch)) {
    const inner = propertyOf(schema, key);
    const current = result.get(key);
    if (value === null) result.delete(key);
    else if (isPlainObject(value)) {
      result.set(key, mergeObject(isPlainObject(current) ? current : {}, value, inner, depth + 1));
    } else if (Array.isArray(value)) result.set(key, mergeList(current, value, inner, depth + 1));
    else result.set(key, value);
  }
  return Object.fromEntries(result);
};

/** The target with a strategic merge patch applied. Throws ApiError BadRequest when the patch is malformed. */
export const applyStrategicPatch = (target: unknown, patch: unknown, schema: TSchema): unknown => {
  if (!isPlainObject(target) || !isPlainObject(patch)) return refusePatch('it must be an object');
  return mergeObject(target, patch, schema as SchemaNode, 0);
};
