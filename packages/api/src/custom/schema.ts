// Owns what a structural schema is: the JSON Schema dialect in which a CustomResourceDefinition describes its objects
// (apiextensions.k8s.io/v1 JSONSchemaProps), and how one is read from what a user sent.
import type { Cause } from '../errors.ts';
import { isPlainObject } from '../patch/json.ts';
import { memberPath } from '../validation/prune.ts';

/** One rule in CEL (x-kubernetes-validations). */
export interface Rule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly externalDocs?: unknown;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

export const isIntOrString = (schema: Schema): boolean => schema['x-kubernetes-int-or-string'] === true;
export const keepsUnknown = (schema: Schema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true;
export const isEmbedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true;

/** The schema of a key that is no named property; undefined when there may be none. */
export const restSchema = (schema: Schema): Schema | undefined =>
  typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;

/** Whether there is a rule anywhere in it. */
export const hasRules = (schema: Schema): boolean => {
  const rest = restSchema(schema);
  return (
    (schema['x-kubernetes-validations'] ?? []).length > 0 ||
    Object.values(schema.properties ?? {}).some(hasRules) ||
    (schema.items !== undefined && hasRules(schema.items)) ||
    (rest !== undefined && hasRules(rest))
  );
};

/** Words whose value is of a plain type. */
const plainWords: Readonly<Record<string, 'string' | 'boolean' | 'number' | 'count' | 'any' | 'strings'>> = {
  type: 'string',
  format: 'string',
  title: 'string',
  description: 'string',
  pattern: 'string',
  default: 'any',
  example: 'any',
  externalDocs: 'any',
  nullable: 'boolean',
  required: 'strings',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'boolean',
  exclusiveMaximum: 'boolean',
  multipleOf: 'number',
  minLength: 'count',
  maxLength: 'count',
  minItems: 'count',
  maxItems: 'count',
  minProperties: 'count',
  maxProperties: 'count',
  uniqueItems: 'boolean',
  'x-kubernetes-preserve-unknown-fields': 'boolean',
  'x-kubernetes-int-or-string': 'boolean',
  'x-kubernetes-embedded-resource': 'boolean',
  'x-kubernetes-list-type': 'string',
  'x-kubernetes-list-map-keys': 'strings',
  'x-kubernetes-map-type': 'string',
};

/** Words of JSON Schema that a structural schema may not have. */
const forbiddenWords = new Set([
  '$ref',
  '$schema',
  'id',
  'definitions',
  'dependencies',
  'deprecated',
  'discriminator',
  'patternProperties',
  'additionalItems',
  'readOnly',
  'writeOnly',
  'xml',
]);

const ruleWords: Readonly<Record<string, 'string' | 'boolean'>> = {
  rule: 'string',
  message: 'string',
  messageExpression: 'string',
  reason: 'string',
  fieldPath: 'string',
  optionalOldSelf: 'boolean',
};

const isOfType = (value: unknown, type: string): boolean => {
  switch (type) {
    case 'any':
      return true;
    case 'count':
      return Number.isSafeInteger(value) && Number(value) >= 0;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    default:
      return typeof value === type;
  }
};

const typeNames: Readonly<Record<string, string>> = {
  count: 'a whole number from 0',
  strings: 'a list of strings',
};

const maxDepth = 60;

/** What is wrong with the form of a schema; its rules are in structural.ts. */
export const formCauses = (value: unknown, path: string, depth = 0): readonly Cause[] => {
  const wrong = (field: string, message: string): readonly Cause[] => [
    { reason: 'FieldValueInvalid', field, message },
  ];
  if (!isPlainObject(value)) return wrong(path, 'must be an object');
  if (depth > maxDepth) return wrong(path, `must not nest deeper than ${maxDepth} levels`);
  return Object.entries(value).flatMap(([word, inner]): readonly Cause[] => {
    const field = memberPath(path, word);
    const type = Object.hasOwn(plainWords, word) ? plainWords[word] : undefined;
    if (type !== undefined)
      return isOfType(inner, type) ? [] : wrong(field, `must be ${typeNames[type] ?? `a ${type}`}`);
    if (forbiddenWords.has(word))
      return [{ reason: 'FieldValueForbidden', field, message: `Forbidden: ${word} is not supported` }];
    return nestedCauses(word, inner, field, depth + 1, wrong);
  });
};

const nestedCauses = (
  word: string,
  inner: unknown,
  field: string,
  depth: number,
  wrong: (field: string, message: string) => readonly Cause[],
): readonly Cause[] => {
  switch (word) {
    case 'properties':
      return isPlainObject(inner)
        ? Object.entries(inner).flatMap(([key, schema]) => formCauses(schema, `${field}[${key}]`, depth))
        : wrong(field, 'must be an object');
    case 'additionalProperties':
      return typeof inner === 'boolean' ? [] : formCauses(inner, field, depth);
    case 'items':
    case 'not':
      if (Array.isArray(inner))
        return wrong(field, 'Forbidden: items must be a schema object and not an array');
      return formCauses(inner, field, depth);
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return Array.isArray(inner)
        ? inner.flatMap((schema, i) => formCauses(schema, `${field}[${i}]`, depth))
        : wrong(field, 'must be a list');
    case 'enum':
      return Array.isArray(inner) ? [] : wrong(field, 'must be a list');
    case 'x-kubernetes-validations':
      return Array.isArray(inner)
        ? inner.flatMap((rule, i) => ruleFormCauses(rule, `${field}[${i}]`))
        : wrong(field, 'must be a list');
    default:
      return wrong(field, 'unknown field');
  }
};

const ruleFormCauses = (value: unknown, path: string): readonly Cause[] => {
  if (!isPlainObject(value))
    return [{ reason: 'FieldValueInvalid', field: path, message: 'must be an object' }];
  return Object.entries(value).flatMap(([word, inner]): readonly Cause[] => {
    const type = Object.hasOwn(ruleWords, word) ? ruleWords[word] : undefined;
    if (type !== undefined && typeof inner === type) return [];
    const message = type === undefined ? 'unknown field' : `must be a ${type}`;
    return [{ reason: 'FieldValueInvalid', field: memberPath(path, word), message }];
  });
};
