// Owns validation of objects from outside against their kind's schema.
// I1: what comes out is a fresh copy that the schema allows, with defaults; the input is not changed.
// I2: every refusal names the path. Unknown fields: Strict refuses, Warn drops and tells, Ignore drops.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { ApiError, type Cause } from '../errors.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { toCauses } from './causes.ts';
import { metadataCauses } from './metadata.ts';
import { prune } from './prune.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';
export interface Validated {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}
export interface Validator {
  /** `before`: what the object was, for kinds whose rules ask for it. */
  (input: unknown, mode: FieldValidation, before?: KubeObject): Validated;
  /** Of an object to be applied: what is there must be right, but nothing must be there, and no defaults come in. */
  readonly partial: (input: unknown, mode: FieldValidation) => Validated;
}

/** Above this many values only the first problem is told: collecting all of them would cost more than it helps. */
const maxValuesForAllErrors = 20000;

const ajvOptions = { strict: false, useDefaults: true, validateFormats: true, logger: false } as const;
const formats = (ajv: Ajv): Ajv =>
  ajv
    .addFormat('byte', true)
    .addFormat('date-time', (text: string) => text.length <= 64 && !Number.isNaN(Date.parse(text)));

export const invalidObject = (kind: Kind, name: string, causes: readonly Cause[]): ApiError => {
  const told = causes.map((c) => (c.field ? `${c.field}: ${c.message}` : c.message));
  const text = told.length === 1 ? told[0] : `[${told.join(', ')}]`;
  return new ApiError(
    'Invalid',
    `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`} "${name}" is invalid: ${text}`,
    {
      name,
      group: kind.group,
      kind: kind.kind,
      causes,
    },
  );
};

/** The object, as one of the kind. Throws ApiError BadRequest. */
export const checkType = (kind: Kind, input: unknown): Record<string, unknown> => {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ApiError('BadRequest', `cannot read the ${kind.kind}: it is not an object`);
  }
  const { apiVersion, kind: word } = input as { apiVersion?: unknown; kind?: unknown };
  const expected = apiVersionOf(kind);
  if ((apiVersion !== undefined && apiVersion !== expected) || (word !== undefined && word !== kind.kind)) {
    throw new ApiError(
      'BadRequest',
      `cannot read the ${kind.kind}: apiVersion and kind must be ${expected} and ${kind.kind}, not ${String(apiVersion)} and ${String(word)}`,
    );
  }
  return { ...input, apiVersion: expected, kind: kind.kind };
};

export const nameOf = (input: unknown): string => {
  const metadata = (input as { metadata?: { name?: unknown; generateName?: unknown } }).metadata;
  const name = metadata?.name ?? metadata?.generateName;
  return typeof name === 'string' ? name.slice(0, 253) : '';
};

export const strictError = (kind: Kind, name: string, fields: readonly string[]): ApiError => {
  const told = fields.map((field) => `unknown field "${field}"`).join(', ');
  return new ApiError('BadRequest', `cannot read the ${kind.kind}: strict decoding error: ${told}`, {
    name,
    group: kind.group,
    kind: kind.kind,
    causes: fields.map((field) => ({ reason: 'FieldValueNotSupported', message: 'unknown field', field })),
  });
};

interface Read {
  readonly value: Record<string, unknown>;
  readonly count: number;
  readonly name: string;
  readonly warnings: readonly string[];
}

/** What the schema knows of the input (I2). */
const read = (kind: Kind, input: unknown, mode: FieldValidation): Read => {
  const typed = checkType(kind, input);
  const { value, count, unknown } = prune(typed, kind.schema);
  const name = nameOf(typed);
  if (mode === 'Strict' && unknown.length > 0) throw strictError(kind, name, unknown);
  const warnings = mode === 'Warn' ? unknown.map((field) => `unknown field "${field}"`) : [];
  return { value, count, name, warnings };
};

/** Problems that are not only that something is missing. */
const withoutMissing = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const missing = errors.filter((e) => e.keyword === 'required');
  const isCaused = (e: ErrorObject) =>
    e.keyword === 'anyOf' && missing.some((m) => m.schemaPath.startsWith(`${e.schemaPath}/`));
  return errors.filter((e) => e.keyword !== 'required' && !isCaused(e));
};

const normalized = (kind: Kind, value: Record<string, unknown>): KubeObject => {
  // The schema has just said that it is one.
  const valid = value as KubeObject;
  return kind.normalize ? kind.normalize(valid) : valid;
};

/** Compiled when the first object comes: it takes up to 50 ms, and of most kinds none comes. */
const checkOf = (kind: Kind, allErrors: boolean): (() => ValidateFunction) => {
  let compiled: ValidateFunction | undefined;
  return () => {
    compiled ??= formats(new Ajv({ ...ajvOptions, allErrors })).compile(kind.schema);
    return compiled;
  };
};

const made = new WeakMap<Kind, Validator>();

/**
 * One for each kind. The validator answers with the object, defaulted and normalised, and warnings; it throws ApiError
 * BadRequest (not such an object), Invalid (with causes) or RequestEntityTooLarge.
 */
export const validatorOf = (kind: Kind): Validator => {
  const validator = made.get(kind) ?? kind.custom?.createValidator() ?? createOwnValidator(kind);
  made.set(kind, validator);
  return validator;
};

const createOwnValidator = (kind: Kind): Validator => {
  const [all, first] = [checkOf(kind, true), checkOf(kind, false)];
  const errorsOf = (value: unknown, count: number): readonly ErrorObject[] => {
    const validate = count > maxValuesForAllErrors ? first() : all();
    return validate(value) ? [] : (validate.errors ?? []);
  };
  const full = (input: unknown, mode: FieldValidation): Validated => {
    const { value, count, name, warnings } = read(kind, input, mode);
    const errors = errorsOf(value, count);
    if (errors.length > 0) throw invalidObject(kind, name, toCauses(errors));
    const object = normalized(kind, value);
    const causes: Cause[] = [
      ...metadataCauses(kind, object),
      ...(kind.check?.(object) ?? []).map((c) => ({ reason: 'FieldValueInvalid', ...c })),
    ];
    if (causes.length > 0) throw invalidObject(kind, name, causes);
    return { object, warnings };
  };
  const partial = (input: unknown, mode: FieldValidation): Validated => {
    const { value, count, name, warnings } = read(kind, input, mode);
    // The copy takes the defaults.
    const errors = withoutMissing(errorsOf(structuredClone(value), count));
    if (errors.length > 0) throw invalidObject(kind, name, toCauses(errors));
    return { object: normalized(kind, { metadata: {}, ...value }), warnings };
  };
  return Object.assign(full, { partial });
};
