// Owns the defaults of custom objects (in place, on a copy that nobody else has).
// I1: a null that the schema does not allow, where there is a default, counts as absent (as in Kubernetes).
// I2: defaults come into objects that are there; a default may bring an object, whose own defaults then come in too.
import { isPlainObject } from '../patch/json.ts';
import { restSchema, type Schema } from './schema.ts';

const isAbsent = (value: unknown, schema: Schema): boolean =>
  value === undefined || (value === null && schema.nullable !== true);

const fillObject = (value: Record<string, unknown>, schema: Schema): void => {
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    if (member.default === undefined) continue;
    const present = Object.hasOwn(value, key) ? value[key] : undefined;
    if (isAbsent(present, member)) value[key] = structuredClone(member.default);
  }
  const rest = restSchema(schema);
  for (const key of Object.keys(value)) {
    const named = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
    const member = named ? schema.properties?.[key] : rest;
    if (member === undefined) continue;
    if (!named && member.default !== undefined && isAbsent(value[key], member))
      value[key] = structuredClone(member.default);
    fillDefaults(value[key], member);
  }
};

/** Fills defaults into `value` itself. */
export const fillDefaults = (value: unknown, schema: Schema): void => {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [i, item] of value.entries()) {
      if (items.default !== undefined && isAbsent(item, items)) value[i] = structuredClone(items.default);
      fillDefaults(value[i], items);
    }
  } else if (isPlainObject(value)) fillObject(value as Record<string, unknown>, schema);
};
