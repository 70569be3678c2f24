// Owns the rules of a schema in CEL (x-kubernetes-validations).
import type { Cause } from '../errors.ts';
import type { KubeObject } from '../meta.ts';
import { forbidden } from './causes.ts';
import type { Schema } from './schema.ts';

/** Causes for rules that cannot be used. */
export const ruleCauses = (schema: Schema, path: string): readonly Cause[] => [
  ...((schema['x-kubernetes-validations'] ?? []).length > 0
    ? [forbidden(`${path}.x-kubernetes-validations`, 'CEL rules are not served yet')]
    : []),
  ...Object.entries(schema.properties ?? {}).flatMap(([key, part]) =>
    ruleCauses(part, `${path}.properties[${key}]`),
  ),
  ...(schema.items === undefined ? [] : ruleCauses(schema.items, `${path}.items`)),
  ...(typeof schema.additionalProperties === 'object'
    ? ruleCauses(schema.additionalProperties, `${path}.additionalProperties`)
    : []),
];

/** Checks an object, and what became of it, by the rules of its schema. */
export const createRules =
  (_schema: Schema) =>
  (_object: KubeObject, _before: KubeObject | undefined): readonly Cause[] => [];
