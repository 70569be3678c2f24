// Owns what is kept of a custom object: unknown fields are dropped and told, as the structural schema says.
// I1: below x-kubernetes-preserve-unknown-fields unknown fields stay; what the schema names there is still pruned by it.
// I2: apiVersion, kind and metadata of the object, and of embedded resources, are known without being named.
// I3: the input is not changed; depth and number of values are bounded; no key `__proto__` is copied.
import { ApiError } from '../errors.ts';
import { isPlainObject } from '../patch/json.ts';
import { memberPath } from '../validation/prune.ts';
import { isEmbedded, keepsUnknown, restSchema, type Schema } from './schema.ts';

const maxDepth = 64;
const maxValues = 1_000_000;
const maxUnknownTold = 20;

export interface PrunedObject {
  readonly value: Record<string, unknown>;
  readonly unknown: readonly string[];
}

interface Walk {
  readonly unknown: string[];
  count: number;
}

const everything: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
const typeFields: Readonly<Record<string, Schema>> = {
  apiVersion: everything,
  kind: everything,
  metadata: everything,
};

const memberOf = (schema: Schema, key: string, isRoot: boolean): Schema | undefined => {
  if ((isRoot || isEmbedded(schema)) && Object.hasOwn(typeFields, key)) return typeFields[key];
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  const rest = restSchema(schema);
  if (rest !== undefined) return rest;
  return schema.additionalProperties === true || keepsUnknown(schema) ? everything : undefined;
};

const copyObject = (
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: string,
  depth: number,
  walk: Walk,
): Record<string, unknown> => {
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const member = memberOf(schema, key, path === '');
    if (member !== undefined && key !== '__proto__')
      result[key] = copy(inner, member, memberPath(path, key), depth + 1, walk);
    else if (walk.unknown.length < maxUnknownTold) walk.unknown.push(memberPath(path, key));
  }
  return result;
};

const copy = (value: unknown, schema: Schema, path: string, depth: number, walk: Walk): unknown => {
  walk.count += 1;
  if (walk.count > maxValues)
    throw new ApiError('RequestEntityTooLarge', `cannot read the object: more than ${maxValues} values`);
  if (depth > maxDepth)
    throw new ApiError('BadRequest', `cannot read the object: nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    const items = schema.items ?? everything;
    return value.map((item, i) => copy(item, items, `${path}[${i}]`, depth + 1, walk));
  }
  return isPlainObject(value) ? copyObject(value, schema, path, depth, walk) : value;
};

/** Throws ApiError BadRequest (too deep) or RequestEntityTooLarge (too many values). */
export const pruneBySchema = (input: Readonly<Record<string, unknown>>, schema: Schema): PrunedObject => {
  const walk: Walk = { unknown: [], count: 0 };
  return { value: copyObject(input, schema, '', 0, walk), unknown: walk.unknown };
};
