// Owns which fields an object has (structured-merge-diff ToFieldSet).
// I1: a leaf is a field; so is every item of a list, every key of a map, and a map that is empty. A field that the schema
//     names and that holds others is not one by itself.
import { ApiError } from '../errors.ts';
import { isPlainObject } from '../patch/json.ts';
import { itemSchema, memberSchema, type SchemaNode } from '../patch/strategic-schema.ts';
import { memberPath } from '../validation/prune.ts';
import { type FieldSet, type Fields, toSet } from './field-set.ts';
import { isNamedField, itemStep, itemsByStep, shapeOf } from './shape.ts';

const self = toSet(true, {});

const ofMap = (value: Readonly<Record<string, unknown>>, schema: SchemaNode, member: boolean): Fields => {
  const steps: Record<string, FieldSet> = {};
  for (const [key, inner] of Object.entries(value)) {
    const found = ofValue(inner, memberSchema(schema, key), !isNamedField(schema, key));
    if (found !== undefined) steps[`f:${key}`] = found;
  }
  return toSet(member || Object.keys(value).length === 0, steps);
};

const ofValue = (value: unknown, schema: SchemaNode, member: boolean): Fields => {
  const shape = shapeOf(value, schema);
  if (shape.kind === 'map' && isPlainObject(value)) return ofMap(value, schema, member);
  if (shape.kind !== 'list' || !Array.isArray(value)) return self;
  const items = itemSchema(schema);
  const steps: Record<string, FieldSet> = {};
  for (const [step, [item]] of itemsByStep(value, shape.keys, items)) {
    const found = ofValue(item, items, true);
    if (found !== undefined) steps[step] = found;
  }
  return toSet(member, steps);
};

/** The fields of an object. */
export const toFields = (object: Readonly<Record<string, unknown>>, schema: SchemaNode): Fields =>
  Object.keys(object).length === 0 ? undefined : ofMap(object, schema, false);

const refuseItem = (path: string, why: string): never => {
  throw new ApiError('Invalid', `cannot apply the object: ${path}: ${why}`, {
    causes: [{ reason: 'FieldValueInvalid', message: why, field: path }],
  });
};

const checkList = (
  list: readonly unknown[],
  keys: readonly string[],
  items: SchemaNode,
  path: string,
): void => {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const at = `${path}[${index}]`;
    const lacking = keys.length > 0 ? `lacks its key (${keys.join(', ')})` : 'is not a plain value';
    const step = itemStep(item, keys, items) ?? refuseItem(at, lacking);
    if (seen.has(step)) refuseItem(at, `is there twice (${step.slice(2, 200)})`);
    seen.add(step);
    checkItems(item, items, at);
  }
};

/** Throws ApiError Invalid when items of a list cannot be told apart. */
export const checkItems = (value: unknown, schema: SchemaNode, path = ''): void => {
  const shape = shapeOf(value, schema);
  if (shape.kind === 'list' && Array.isArray(value)) checkList(value, shape.keys, itemSchema(schema), path);
  if (shape.kind !== 'map' || !isPlainObject(value)) return;
  for (const [key, inner] of Object.entries(value))
    checkItems(inner, memberSchema(schema, key), memberPath(path, key));
};
