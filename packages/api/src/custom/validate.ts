// Owns the value validations of structural schemas: is this value what the schema says?
// I1: patterns are RE2 (patterns.ts), so the time taken is linear in the value times the size of the schema; what one object
//     may spend on them is bounded besides.
// I2: `partial`: of something to be applied only types are looked at; nothing has to be there.
import type { Cause } from '../errors.ts';
import { isEqualJson, isPlainObject } from '../patch/json.ts';
import { memberPath } from '../validation/prune.ts';
import { invalidInBody, maxCauses, notSupported, required, typeInvalid } from './causes.ts';
import { isOfFormat } from './formats.ts';
import { listTypeCauses } from './lists.ts';
import { matchesPattern, patternCost } from './patterns.ts';
import { isIntOrString, restSchema, type Schema } from './schema.ts';

interface ValidateOptions {
  readonly partial: boolean;
  /** What may still be spent on patterns (I1); shared by all values of one object. */
  readonly work: { left: number };
}

/** For one object: about half a second. */
const patternWork = 1_000_000;

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

const isOfType = (type: string, found: string): boolean =>
  type === found || (type === 'number' && found === 'integer');

const typeCauses = (value: unknown, schema: Schema, path: string): readonly Cause[] => {
  const found = typeOf(value);
  if (value === null && schema.nullable === true) return [];
  if (isIntOrString(schema))
    return found === 'integer' || found === 'string' ? [] : [typeInvalid(path, 'integer,string', found)];
  if (schema.type === undefined || schema.type === '' || isOfType(schema.type, found)) return [];
  return [typeInvalid(path, schema.type, found)];
};

const lengthOf = (text: string): number => {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
};

const stringCauses = (
  value: string,
  schema: Schema,
  path: string,
  options: ValidateOptions,
): readonly Cause[] => {
  const causes: Cause[] = [];
  const { minLength, maxLength, pattern, format } = schema;
  if (maxLength !== undefined && lengthOf(value) > maxLength)
    causes.push(invalidInBody(path, value, `should be at most ${maxLength} chars long`));
  if (minLength !== undefined && lengthOf(value) < minLength)
    causes.push(invalidInBody(path, value, `should be at least ${minLength} chars long`));
  if (pattern !== undefined && pattern !== '') {
    options.work.left -= patternCost(pattern, value);
    if (options.work.left < 0)
      causes.push(invalidInBody(path, '', 'is more text than can be compared with patterns in one object'));
    else if (!matchesPattern(pattern, value))
      causes.push(invalidInBody(path, value, `should match '${pattern}'`));
  }
  if (format !== undefined && !isOfFormat(format, value))
    causes.push(
      invalidInBody(path, value, `must be of type ${format}: ${JSON.stringify(value.slice(0, 200))}`),
    );
  return causes;
};

const isMultiple = (value: number, of: number): boolean => {
  const ratio = value / of;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9;
};

const numberCauses = (value: number, schema: Schema, path: string): readonly Cause[] => {
  const causes: Cause[] = [];
  const { minimum, maximum, multipleOf } = schema;
  const { exclusiveMinimum: above = false, exclusiveMaximum: below = false, format } = schema;
  if (maximum !== undefined && (below ? value >= maximum : value > maximum))
    causes.push(invalidInBody(path, value, `should be less than ${below ? '' : 'or equal to '}${maximum}`));
  if (minimum !== undefined && (above ? value <= minimum : value < minimum))
    causes.push(
      invalidInBody(path, value, `should be greater than ${above ? '' : 'or equal to '}${minimum}`),
    );
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf))
    causes.push(invalidInBody(path, value, `should be a multiple of ${multipleOf}`));
  if (format === 'int32' && (value < -(2 ** 31) || value > 2 ** 31 - 1))
    causes.push(invalidInBody(path, value, 'should be a int32'));
  return causes;
};

/** How many there are, of items or properties. */
const countCauses = (
  count: number,
  [min, max]: readonly [number | undefined, number | undefined],
  what: string,
  value: unknown,
  path: string,
): readonly Cause[] => {
  if (max !== undefined && count > max)
    return [
      {
        reason: 'FieldValueTooMany',
        message: `Too many: ${count}: must have at most ${max} ${what}`,
        field: path,
      },
    ];
  if (min !== undefined && count < min)
    return [invalidInBody(path, value, `should have at least ${min} ${what}`)];
  return [];
};

const arrayCauses = (value: readonly unknown[], schema: Schema, path: string): readonly Cause[] => [
  ...countCauses(value.length, [schema.minItems, schema.maxItems], 'items', value, path),
  ...listTypeCauses(value, schema, path),
];

const objectCauses = (
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: string,
): readonly Cause[] => [
  ...countCauses(
    Object.keys(value).length,
    [schema.minProperties, schema.maxProperties],
    'properties',
    value,
    path,
  ),
  ...(schema.required ?? [])
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => required(memberPath(path, key))),
];

const junctorCauses = (
  value: unknown,
  schema: Schema,
  path: string,
  options: ValidateOptions,
): readonly Cause[] => {
  const holds = (part: Schema): boolean => validateValue(value, part, path, options).length === 0;
  const causes: Cause[] = (schema.allOf ?? []).flatMap((part) => validateValue(value, part, path, options));
  if (schema.anyOf !== undefined && schema.anyOf.length > 0 && !schema.anyOf.some(holds))
    causes.push(invalidInBody(path, value, 'must validate at least one schema (anyOf)'));
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) {
    const count = schema.oneOf.filter(holds).length;
    const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
    if (count !== 1)
      causes.push(invalidInBody(path, value, `must validate one and only one schema (oneOf). ${found}`));
  }
  if (schema.not !== undefined && holds(schema.not))
    causes.push(invalidInBody(path, value, 'must not validate the schema (not)'));
  return causes;
};

const ownCauses = (
  value: unknown,
  schema: Schema,
  path: string,
  options: ValidateOptions,
): readonly Cause[] => {
  const causes: Cause[] = [];
  if (schema.enum !== undefined && !schema.enum.some((one) => isEqualJson(one, value)))
    causes.push(notSupported(path, value, schema.enum));
  if (typeof value === 'string') causes.push(...stringCauses(value, schema, path, options));
  else if (typeof value === 'number') causes.push(...numberCauses(value, schema, path));
  else if (Array.isArray(value)) causes.push(...arrayCauses(value, schema, path));
  else if (isPlainObject(value)) causes.push(...objectCauses(value, schema, path));
  return [...causes, ...junctorCauses(value, schema, path, options)];
};

const innerCauses = (
  value: unknown,
  schema: Schema,
  path: string,
  options: ValidateOptions,
): readonly Cause[] => {
  const causes: Cause[] = [];
  const add = (inner: unknown, part: Schema | undefined, at: string): void => {
    if (part !== undefined && causes.length < maxCauses)
      causes.push(...validateValue(inner, part, at, options));
  };
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) add(item, schema.items, `${path}[${i}]`);
  } else if (isPlainObject(value)) {
    const { properties } = schema;
    for (const [key, inner] of Object.entries(value)) {
      const named = properties !== undefined && Object.hasOwn(properties, key);
      add(inner, named ? properties[key] : restSchema(schema), memberPath(path, key));
    }
  }
  return causes;
};

/** Causes, a few more than are told at most; empty when the value is what the schema says. */
export const validateValue = (
  value: unknown,
  schema: Schema,
  path: string,
  options: ValidateOptions = { partial: false, work: { left: patternWork } },
): readonly Cause[] => {
  const wrong = typeCauses(value, schema, path);
  if (wrong.length > 0) return wrong;
  if (value === null && schema.nullable === true) return [];
  const own = options.partial ? [] : ownCauses(value, schema, path, options);
  return [...own, ...innerCauses(value, schema, path, options)];
};

/** Causes for values that are of another type than the schema says (I2). */
export const validateTypes = (value: unknown, schema: Schema): readonly Cause[] =>
  validateValue(value, schema, '', { partial: true, work: { left: 0 } });
