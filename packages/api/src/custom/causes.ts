// Owns the words of a custom object's refusal: those of Kubernetes (apimachinery field.Error, kube-openapi validation).
import type { Cause } from '../errors.ts';

/** At most this many are told, as for every kind. */
export const maxCauses = 20;
const maxShown = 200;

/** A value as it is shown in a message. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > maxShown ? `${text.slice(0, maxShown)}...` : text;
};

/** The thing spoken about: 'spec.x in body', or 'body' for a whole object. */
const subject = (field: string): string => (field === '' ? 'body' : `${field} in body`);

export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shown(value)}: ${why}`,
  field,
});

/** `spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1` */
export const invalidInBody = (field: string, value: unknown, why: string): Cause =>
  invalidValue(field, value, `${subject(field)} ${why}`);

export const typeInvalid = (field: string, type: string, found: string): Cause => ({
  reason: 'FieldValueTypeInvalid',
  message: `Invalid value: "${found}": ${subject(field)} must be of type ${type}: "${found}"`,
  field,
});

export const required = (field: string, why = ''): Cause => ({
  reason: 'FieldValueRequired',
  message: `Required value${why === '' ? '' : `: ${why}`}`,
  field,
});

export const duplicate = (field: string, value: unknown): Cause => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${shown(value)}`,
  field,
});

export const notSupported = (field: string, value: unknown, allowed: readonly unknown[]): Cause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${shown(value)}: supported values: ${allowed.map(shown).join(', ')}`,
  field,
});

export const forbidden = (field: string, why: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
  field,
});
