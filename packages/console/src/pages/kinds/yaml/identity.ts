// Owns how items of a list are told apart: by what the kind's schema says (list-type, map keys, patch keys), as the
// controller does it for server-side apply.
// I1: where nothing is said, an item lacks a key, or two are the same, the list is one value.
import type { OpenApiSchema } from '../../../api/openapi.ts';
import { innerSchema, type Path, type Schemas } from '../schema/schema.ts';

/** Keys of its items; none: a set of scalars; undefined: the list is one value. */
const keysOf = (schema: OpenApiSchema): readonly string[] | undefined => {
  switch (schema['x-kubernetes-list-type']) {
    case 'map':
      return schema['x-kubernetes-list-map-keys'];
    case 'set':
      return [];
    case undefined:
      break;
    default:
      return undefined;
  }
  if (schema['x-kubernetes-patch-strategy'] !== 'merge') return undefined;
  const key = schema['x-kubernetes-patch-merge-key'];
  return key === undefined ? [] : [key];
};

const isScalar = (value: unknown): boolean => value !== undefined && typeof value !== 'object';

const fieldOf = (item: unknown, key: string): unknown =>
  typeof item === 'object' && item !== null && Object.hasOwn(item, key)
    ? (item as Readonly<Record<string, unknown>>)[key]
    : undefined;

/** As the API names items: name="web",port=80, or ="web" in a set; '' when it has no name. */
const nameOf = (item: unknown, keys: readonly string[], defaultOf: (key: string) => unknown): string => {
  if (keys.length === 0) return isScalar(item) ? `=${JSON.stringify(item)}` : '';
  const values = keys.map((key) => fieldOf(item, key) ?? defaultOf(key));
  return values.every(isScalar) ? keys.map((key, i) => `${key}=${JSON.stringify(values[i])}`).join() : '';
};

/** An item, and where it stands. */
export interface Placed {
  readonly item: unknown;
  readonly index: number;
}

export type Items = ReadonlyMap<string, Placed>;

/** The items of each list by name; undefined: they are to be seen as one value (I1). `path`: of the list. */
export const itemsByName = (
  schemas: Schemas | undefined,
  path: Path,
  lists: readonly (readonly unknown[])[],
): readonly Items[] | undefined => {
  const schema = schemas?.at(path);
  const keys = schema === undefined ? undefined : keysOf(schema);
  if (schemas === undefined || schema === undefined || keys === undefined) return undefined;
  const { properties = {} } = innerSchema(schemas, schema);
  const defaultOf = (key: string): unknown => schemas.resolve(properties[key] ?? {}).default;
  const named = lists.map(
    (list) => new Map(list.map((item, index) => [nameOf(item, keys, defaultOf), { item, index }])),
  );
  const isClear = named.every((items, i) => items.size === lists[i]?.length && !items.has(''));
  return isClear ? named : undefined;
};
