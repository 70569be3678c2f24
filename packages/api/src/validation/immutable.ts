// Owns what may not change once an object exists.
import type { Cause } from '../errors.ts';
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { isEqualJson, isPlainObject } from '../patch/json.ts';

const valueAt = (object: KubeObject, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, key) => (isPlainObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      object,
    );

/** Causes for every immutable path that differs, and of the kind's own checkUpdate; empty when the change is allowed. */
export const checkImmutable = (kind: Kind, before: KubeObject, after: KubeObject): readonly Cause[] => [
  ...kind.immutablePaths
    .filter((path) => !isEqualJson(valueAt(before, path), valueAt(after, path)))
    .map((field) => ({ reason: 'FieldValueInvalid', message: 'field is immutable', field })),
  ...(kind.checkUpdate?.(before, after) ?? []).map((c) => ({ reason: 'FieldValueForbidden', ...c })),
];
