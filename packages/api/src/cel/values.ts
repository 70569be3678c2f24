// Owns how objects look to expressions: JSON by its schema as CEL values, and the types of those values.
// I1: fields are known by names that are identifiers: what is none is escaped as Kubernetes escapes it. Keys of maps are not.
// I2: what the schema does not name cannot be seen.
import type { CelInput } from '@bufbuild/cel';
import { create } from '@bufbuild/protobuf';
import { DurationSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { isOfFormat } from '../custom/formats.ts';
import { isEmbedded, isIntOrString, restSchema, type Schema } from '../custom/schema.ts';
import { isPlainObject } from '../patch/json.ts';
import { dyn, listOf, mapOf, objectOf, scalar, type ValueType } from './types.ts';

/** Words that mean something in CEL. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** The name by which an expression knows a field; undefined for one that it cannot name. */
export const toIdentifier = (name: string): string | undefined => {
  if (reserved.has(name)) return `__${name}__`;
  const escaped = name.replaceAll(/__|[./-]/g, (found) => escapes[found] ?? found);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
};

const typeFields: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: {
    type: 'object',
    properties: { name: { type: 'string' }, generateName: { type: 'string' } },
  },
};

/** Named fields of a schema, with those that every object has. */
const fieldsOf = (schema: Schema, isRoot: boolean): Readonly<Record<string, Schema>> =>
  isRoot || isEmbedded(schema) ? { ...schema.properties, ...typeFields } : (schema.properties ?? {});

const stringTypes: Readonly<Record<string, ValueType>> = {
  byte: scalar('bytes'),
  date: scalar('timestamp'),
  'date-time': scalar('timestamp'),
  duration: scalar('duration'),
};

const scalarTypes: Readonly<Record<string, ValueType>> = {
  boolean: scalar('bool'),
  integer: scalar('int'),
  number: scalar('double'),
};

/** The type of values of a schema. */
export const typeOfSchema = (schema: Schema, isRoot = false): ValueType => {
  if (isIntOrString(schema)) return dyn;
  switch (schema.type) {
    case 'string':
      return stringTypes[schema.format ?? ''] ?? scalar('string');
    case 'array':
      return listOf(typeOfSchema(schema.items ?? {}));
    case 'object': {
      const rest = restSchema(schema);
      if (rest !== undefined) return mapOf(typeOfSchema(rest));
      const named = Object.entries(fieldsOf(schema, isRoot)).flatMap(([key, member]) => {
        const name = toIdentifier(key);
        return name === undefined ? [] : [[name, typeOfSchema(member)] as const];
      });
      return objectOf(Object.fromEntries(named));
    }
    default:
      return scalarTypes[schema.type ?? ''] ?? dyn;
  }
};

const unitSeconds: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

const toDuration = (text: string): CelInput => {
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  const total = parts.reduce(
    (sum, [, count = '0', unit = 's']) => sum + Number(count) * (unitSeconds[unit] ?? 1),
    0,
  );
  const nanos = Math.round((text.startsWith('-') ? -total : total) * 1e9);
  return create(DurationSchema, { seconds: BigInt(Math.trunc(nanos / 1e9)), nanos: Math.trunc(nanos % 1e9) });
};

const toBytes = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll(/[\r\n]/g, '')), (c) => c.charCodeAt(0));

const fromText = (text: string, format: string): CelInput => {
  // What was stored under an older schema may be anything.
  if (!isOfFormat(format, text)) return text;
  switch (format) {
    case 'date':
    case 'date-time':
      return timestampFromMs(Date.parse(text));
    case 'duration':
      return toDuration(text);
    case 'byte':
      return toBytes(text);
    default:
      return text;
  }
};

const fromAnything = (value: unknown): CelInput => {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(fromAnything);
  if (!isPlainObject(value)) return null;
  return new Map(Object.entries(value).map(([key, inner]) => [key, fromAnything(inner)]));
};

const fromObject = (value: Readonly<Record<string, unknown>>, schema: Schema, isRoot: boolean): CelInput => {
  const rest = restSchema(schema);
  if (rest !== undefined)
    return new Map(Object.entries(value).map(([key, inner]) => [key, toCelValue(inner, rest)]));
  const fields = fieldsOf(schema, isRoot);
  const seen = Object.entries(value).flatMap(([key, inner]): readonly (readonly [string, CelInput])[] => {
    const name = toIdentifier(key);
    const member = Object.hasOwn(fields, key) ? fields[key] : undefined;
    return name === undefined || member === undefined ? [] : [[name, toCelValue(inner, member)]];
  });
  return new Map(seen);
};

/** A value, which is what the schema says, as an expression sees it. */
export const toCelValue = (value: unknown, schema: Schema, isRoot = false): CelInput => {
  if (isIntOrString(schema) || schema.type === undefined) return fromAnything(value);
  if (typeof value === 'string') return fromText(value, schema.format ?? '');
  if (typeof value === 'number') return schema.type === 'number' ? value : BigInt(Math.trunc(value));
  if (Array.isArray(value)) return value.map((item) => toCelValue(item, schema.items ?? {}));
  return isPlainObject(value) ? fromObject(value, schema, isRoot) : fromAnything(value);
};
