// Owns taking fields out of an object (structured-merge-diff RemoveItems).
// I1: what is emptied that way is null until the object is validated: it was there, and has nothing in it.
import { isPlainObject } from '../patch/json.ts';
import { itemSchema, memberSchema, type SchemaNode } from '../patch/strategic-schema.ts';
import { below, type FieldSet, type Fields, has, isMember, toSet } from './field-set.ts';
import { isNamedField, itemStep, shapeOf } from './shape.ts';

const fromMap = (value: Readonly<Record<string, unknown>>, set: Fields, schema: SchemaNode) => {
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (!has(set, `f:${key}`)) {
      result[key] = fromValue(inner, below(set, `f:${key}`), memberSchema(schema, key));
    }
  }
  return result;
};

const fromValue = (value: unknown, set: Fields, schema: SchemaNode): unknown => {
  if (set === undefined) return value;
  const shape = shapeOf(value, schema);
  if (shape.kind === 'map' && isPlainObject(value)) {
    const kept = fromMap(value, set, schema);
    return Object.keys(kept).length > 0 ? kept : null;
  }
  if (shape.kind !== 'list' || !Array.isArray(value)) return value;
  const items = itemSchema(schema);
  const kept = value.flatMap((item: unknown, index) => {
    const step = itemStep(item, shape.keys, items) ?? `i:${index}`;
    if (has(set, step)) return [];
    const rest = fromValue(item, below(set, step), items);
    return rest === null ? [] : [rest];
  });
  return kept.length > 0 ? kept : null;
};

/** The object without the fields of the set and what is in them. */
export const removeFields = (
  object: Readonly<Record<string, unknown>>,
  set: Fields,
  schema: SchemaNode,
): Readonly<Record<string, unknown>> => fromMap(object, set, schema);

const namedSteps = (set: FieldSet, schema: SchemaNode): Readonly<Record<string, FieldSet>> => {
  const steps: Record<string, FieldSet> = {};
  for (const step in set) {
    const next = set[step];
    if (step === '.' || next === undefined) continue;
    const further = below(set, step);
    const field = step.startsWith('f:') ? step.slice(2) : undefined;
    const inner = field === undefined ? itemSchema(schema) : memberSchema(schema, field);
    const member = isMember(next) || (field !== undefined && isNamedField(schema, field));
    const found = further === undefined ? next : toSet(member, namedSteps(further, inner));
    if (found !== undefined) steps[step] = found;
  }
  return steps;
};

/** The set, and every field on the way that the schema names (EnsureNamedFieldsAreMembers). */
export const withNamedFields = (set: Fields, schema: SchemaNode): Fields =>
  set === undefined ? undefined : toSet(set['.'] !== undefined, namedSteps(set, schema));
