// Owns the words of validation: Ajv's errors as causes with a field path and a message for people.
import type { ErrorObject } from 'ajv';
import type { Cause } from '../errors.ts';
import { memberPath } from './prune.ts';

const maxCauses = 20;

const toPath = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^[0-9]+$/.test(part) ? `${path}[${part}]` : memberPath(path, part)), '');

const toMessage = (
  error: ErrorObject,
): { readonly reason: string; readonly message: string; readonly field?: string } => {
  const params = error.params as Readonly<Record<string, unknown>>;
  const invalid = (message: string) => ({ reason: 'FieldValueInvalid', message });
  switch (error.keyword) {
    case 'required':
      return {
        reason: 'FieldValueRequired',
        message: 'must be given',
        field: memberPath(toPath(error.instancePath), String(params['missingProperty'])),
      };
    case 'type':
      return { reason: 'FieldValueTypeInvalid', message: `must be of type ${String(params['type'])}` };
    case 'const':
      return {
        reason: 'FieldValueNotSupported',
        message: `must be ${JSON.stringify(params['allowedValue'])}`,
      };
    case 'enum':
      return {
        reason: 'FieldValueNotSupported',
        message: `must be one of ${(params['allowedValues'] as readonly unknown[]).map((v) => JSON.stringify(v)).join(', ')}`,
      };
    case 'pattern':
      return invalid(`must match ${String(params['pattern'])}`);
    case 'format':
      return invalid(`must be a ${String(params['format'])}`);
    default:
      return invalid(error.message ?? 'is not valid');
  }
};

/** A union (anyOf) that failed is told once: what it allows. */
const unionMessage = (errors: readonly ErrorObject[]): string => {
  const parts = errors.map((e) =>
    e.keyword === 'const'
      ? JSON.stringify((e.params as { allowedValue: unknown }).allowedValue)
      : toMessage(e)
          .message.replace(/^must be /, '')
          .replace(/^must match/, 'text that matches'),
  );
  const words = [...new Set(parts)];
  return errors.every((e) => e.keyword === 'const')
    ? `must be one of ${words.join(', ')}`
    : `must be ${words.join(', or ')}`;
};

/** More errors than this are not looked at: what is told is bounded anyway. */
const maxErrors = 500;

/** At most 20 causes, one per field. */
export const toCauses = (all: readonly ErrorObject[]): readonly Cause[] => {
  const errors = all.slice(0, maxErrors);
  const unions = errors.filter((e) => e.keyword === 'anyOf');
  const isPartOf = (error: ErrorObject, union: ErrorObject) =>
    error.instancePath.startsWith(union.instancePath) && error.schemaPath.startsWith(`${union.schemaPath}/`);
  const causes = new Map<string, Cause>();
  for (const error of errors) {
    if (causes.size === maxCauses) break;
    if (unions.some((union) => isPartOf(error, union))) continue;
    const told = toMessage(error);
    const field = told.field ?? toPath(error.instancePath);
    const message =
      error.keyword === 'anyOf' ? unionMessage(errors.filter((e) => isPartOf(e, error))) : told.message;
    if (!causes.has(field)) causes.set(field, { reason: told.reason, message, field });
  }
  return [...causes.values()];
};
