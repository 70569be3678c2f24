// Owns the walk over an object before validation: a fresh copy without unknown fields and nulls, and their paths.
// I1: depth and number of values are bounded, so no input can hang or exhaust the stack.
// I2: null means absent, as in Kubernetes; in a map of strings it means "".
// I3: no key `__proto__` is copied.
import type { TSchema } from 'typebox';
import { ApiError } from '../errors.ts';

const maxDepth = 64;
const maxValues = 1_000_000;
const maxUnknownTold = 20;

export type SchemaNode = Readonly<Record<string, unknown>>;

export interface Pruned {
  readonly value: Record<string, unknown>;
  /** Paths of fields that the schema does not have, at most 20. */
  readonly unknown: readonly string[];
  readonly count: number;
}

interface Walk {
  readonly unknown: string[];
  count: number;
}

export const isNode = (value: unknown): value is SchemaNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Path of a member: .name for plain identifiers, [key] for others. */
export const memberPath = (path: string, key: string): string => {
  if (!/^[A-Za-z_$][A-Za-z0-9_$-]*$/.test(key)) return `${path}[${key.slice(0, 300)}]`;
  return path === '' ? key : `${path}.${key}`;
};

const mapValues = (schema: SchemaNode): SchemaNode | undefined => {
  const patterns = schema['patternProperties'];
  if (isNode(patterns)) return Object.values(patterns).find(isNode);
  const rest = schema['additionalProperties'];
  return isNode(rest) ? rest : undefined;
};

/** What the schema says of the keys that it names. */
export const named = (schema: SchemaNode | undefined): SchemaNode => {
  const properties = schema?.['properties'];
  return isNode(properties) ? properties : {};
};

/** What the schema says of the keys that it does not name. */
export const unnamed = (schema: SchemaNode | undefined): SchemaNode | 'unknown' | undefined => {
  if (schema === undefined) return undefined;
  return mapValues(schema) ?? (schema['additionalProperties'] === false ? 'unknown' : undefined);
};

const copy = (
  value: unknown,
  schema: SchemaNode | undefined,
  path: string,
  depth: number,
  walk: Walk,
): unknown => {
  walk.count += 1;
  if (walk.count > maxValues) {
    throw new ApiError('RequestEntityTooLarge', `cannot read the object: more than ${maxValues} values`);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth)
    throw new ApiError('BadRequest', `cannot read the object: nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    const items = isNode(schema?.['items']) ? schema['items'] : undefined;
    return value.map((item, i) => copy(item, items, `${path}[${i}]`, depth + 1, walk));
  }
  return copyObject(value as Record<string, unknown>, schema, path, depth, walk);
};

const copyObject = (
  value: Record<string, unknown>,
  schema: SchemaNode | undefined,
  path: string,
  depth: number,
  walk: Walk,
): Record<string, unknown> => {
  const result: Record<string, unknown> = {};
  const [members, rest] = [named(schema), unnamed(schema)];
  const isMap = rest !== undefined && rest !== 'unknown';
  for (const key of Object.keys(value)) {
    const child = Object.hasOwn(members, key) ? (members[key] as SchemaNode) : rest;
    if (child === 'unknown' || key === '__proto__') {
      if (walk.unknown.length < maxUnknownTold) walk.unknown.push(memberPath(path, key));
    } else if (value[key] !== null) {
      // What holds nothing has no use for its path.
      const inner = typeof value[key] === 'object' ? memberPath(path, key) : '';
      result[key] = copy(value[key], child, inner, depth + 1, walk);
    } else if (isMap && child?.['type'] === 'string') result[key] = '';
  }
  return result;
};

/** Copies what the schema knows. Throws ApiError BadRequest (too deep) or RequestEntityTooLarge (too many values). */
export const prune = (input: Record<string, unknown>, schema: TSchema): Pruned => {
  const walk: Walk = { unknown: [], count: 0 };
  const value = copyObject(input, schema as SchemaNode, '', 0, walk);
  return { value, unknown: walk.unknown, count: walk.count };
};
