// Owns what a patch makes of an object before it is validated, and what may be applied.
import {
  ApiError,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicPatch,
  checkItems,
  isPlainObject,
  type Kind,
  type KubeObject,
  schemaOf,
  type Validator,
} from '@drover/api';
import { type ObjectName, refuse } from './errors.ts';
import type { PatchType, WriteOptions } from './resources.ts';

type Fields = Readonly<Record<string, unknown>>;

export const applyPatch = (
  kind: Kind,
  current: KubeObject,
  patch: { readonly type: PatchType; readonly body: unknown },
): unknown => {
  switch (patch.type) {
    case 'application/json-patch+json':
      return applyJsonPatch(current, patch.body);
    case 'application/merge-patch+json':
      return applyMergePatch(current, patch.body);
    case 'application/strategic-merge-patch+json':
      return applyStrategicPatch(current, patch.body, kind.schema);
    default:
      throw new ApiError(
        'UnsupportedMediaType',
        `cannot patch: "${String(patch.type satisfies never)}" is not supported; use JSON patch, merge patch or strategic merge patch`,
      );
  }
};

/** The part that the path takes: all but status, or status alone. */
const ownPart = (kind: Kind, body: Fields, metadata: Fields, subresource: string | undefined): Fields => {
  const { status, ...rest } = body;
  if (subresource === undefined) return { ...rest, ...(kind.hasStatus ? {} : { status }), metadata };
  const { name, namespace, uid, resourceVersion } = metadata;
  const { apiVersion, kind: word } = body;
  return { apiVersion, kind: word, metadata: { name, namespace, uid, resourceVersion }, status };
};

const present = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));

/**
 * What a body wants applied: only what it says, with warnings of what it says in vain. Throws BadRequest, Invalid.
 * A field that is null counts as not said.
 */
export const readApplied = (
  object: ObjectName,
  body: Fields,
  validator: Validator,
  options: WriteOptions,
): { readonly applied: KubeObject; readonly warnings: readonly string[] } => {
  const { kind, namespace, name } = object;
  const given = isPlainObject(body['metadata']) ? body['metadata'] : {};
  if (given['managedFields'] !== undefined && given['managedFields'] !== null) {
    throw refuse('BadRequest', 'patch', object, 'metadata.managedFields must be nil');
  }
  for (const [field, wanted] of Object.entries({ name, namespace })) {
    if ((given[field] ?? wanted) === wanted) continue;
    const why = `the ${field} of the object (${String(given[field])}) does not match the ${field} of the request (${wanted})`;
    throw refuse('BadRequest', 'patch', object, why);
  }
  const metadata = present({ ...given, name, namespace });
  const part = present(ownPart(kind, body, metadata, options.subresource));
  const { object: applied, warnings } = validator.partial(
    { ...part, metadata: present(part['metadata'] as Fields) },
    options.fieldValidation ?? 'Strict',
  );
  checkItems(applied, schemaOf(kind));
  return { applied, warnings };
};
