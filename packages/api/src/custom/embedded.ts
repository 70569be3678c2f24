// Owns the rule of embedded resources: they are objects of a kind, so they say which.
import type { Cause } from '../errors.ts';
import { isPlainObject } from '../patch/json.ts';
import { memberPath } from '../validation/prune.ts';
import { required } from './causes.ts';
import { isEmbedded, restSchema, type Schema } from './schema.ts';

const own = (value: Readonly<Record<string, unknown>>, path: string): readonly Cause[] =>
  ['apiVersion', 'kind']
    .filter((field) => typeof value[field] !== 'string' || value[field] === '')
    .map((field) => required(memberPath(path, field), 'must not be empty'));

/** Causes for embedded resources anywhere in a value. */
export const embeddedCauses = (value: unknown, schema: Schema, path: string): readonly Cause[] => {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? []
      : value.flatMap((item, i) => embeddedCauses(item, items, `${path}[${i}]`));
  }
  if (!isPlainObject(value)) return [];
  const rest = restSchema(schema);
  const inner = Object.entries(value).flatMap(([key, member]) => {
    const known = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
    const part = known ? schema.properties?.[key] : rest;
    return part === undefined ? [] : embeddedCauses(member, part, memberPath(path, key));
  });
  return [...(isEmbedded(schema) ? own(value, path) : []), ...inner];
};
