// Owns what becomes of fields that a newer version of Drover has put into a stored object, when this one writes it (adr/0021).
// I1: they stay as they are wherever what holds them stays: neither a write that repeats them nor one that leaves them out is
//     about them. Another value for one is refused as any field that is not known.
// I2: items of a list are told apart as in server-side apply; without keys an item is the one of before that it equals.
import { itemStep, listKeysOf } from '../apply/shape.ts';
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { isEqualJson, isPlainObject, type JsonObject } from '../patch/json.ts';
import { isNode, named, type SchemaNode, unnamed } from './prune.ts';

type Schema = SchemaNode | undefined;

/** undefined: nothing is said of what is in it, so that all is known. */
const memberOf = (schema: Schema, name: string): Schema | 'unknown' => {
  const members = named(schema);
  return Object.hasOwn(members, name) ? (members[name] as SchemaNode) : unnamed(schema);
};

const itemsOf = (schema: Schema): Schema => (isNode(schema?.['items']) ? schema['items'] : undefined);

/** The value without what the schema does not know. */
const known = (value: unknown, schema: Schema): unknown => {
  if (schema === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => known(item, itemsOf(schema)));
  if (!isPlainObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const inner = memberOf(schema, name);
    return inner === 'unknown' ? [] : [[name, known(member, inner)] as const];
  });
  return Object.fromEntries(members);
};

/** The item of before that this one is (I2). */
const itemBefore = (before: readonly unknown[], item: unknown, schema: Schema): unknown => {
  const items = itemsOf(schema);
  const step = itemStep(item, listKeysOf(schema), items);
  if (step !== undefined && isPlainObject(item))
    return before.find((one) => itemStep(one, listKeysOf(schema), items) === step);
  const bare = known(item, items);
  return before.find((one) => isEqualJson(known(one, items), bare));
};

const hide = (before: unknown, input: unknown, schema: Schema): unknown => {
  if (schema === undefined || before === input) return known(input, schema);
  if (Array.isArray(before) && Array.isArray(input))
    return input.map((item) => hide(itemBefore(before, item, schema), item, itemsOf(schema)));
  if (!isPlainObject(before) || !isPlainObject(input)) return input;
  const members = Object.entries(input).flatMap(([name, member]) => {
    const inner = memberOf(schema, name);
    if (inner !== 'unknown') return [[name, hide(before[name], member, inner)] as const];
    return Object.hasOwn(before, name) && isEqualJson(before[name], member) ? [] : [[name, member] as const];
  });
  return Object.fromEntries(members);
};

const keep = (before: unknown, object: unknown, schema: Schema): unknown => {
  if (schema === undefined) return object;
  if (Array.isArray(before) && Array.isArray(object))
    return object.map((item) => keep(itemBefore(before, item, schema), item, itemsOf(schema)));
  if (!isPlainObject(before) || !isPlainObject(object)) return object;
  const kept: Record<string, unknown> = { ...object };
  for (const [name, member] of Object.entries(before)) {
    const inner = memberOf(schema, name);
    if (inner === 'unknown') kept[name] = member;
    else if (Object.hasOwn(object, name)) kept[name] = keep(member, object[name], inner);
  }
  return kept;
};

const hasNewer = (value: unknown, schema: Schema): boolean => {
  if (schema === undefined || typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => hasNewer(item, itemsOf(schema)));
  return Object.entries(value).some(([name, member]) => {
    const inner = memberOf(schema, name);
    return inner === 'unknown' || hasNewer(member, inner);
  });
};

export interface NewerFields {
  /** What is to be validated of an input: without those that it repeats. */
  readonly hidden: (input: JsonObject) => JsonObject;
  /** The validated object with all of them. */
  readonly kept: (object: KubeObject) => KubeObject;
}

/** Of a stored object; undefined when it has none, as nearly always. Kinds that users define are the same in every version. */
export const newerFieldsOf = (kind: Kind, before: KubeObject): NewerFields | undefined => {
  const schema = kind.schema as SchemaNode;
  if (kind.custom !== undefined || !hasNewer(before, schema)) return undefined;
  return {
    hidden: (input) => hide(before, input, schema) as JsonObject, // objects give objects
    kept: (object) => keep(before, object, schema) as KubeObject,
  };
};
