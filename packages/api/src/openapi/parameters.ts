// Owns the query parameters that operations take, as OpenAPI parameter objects.

const query = (name: string, type: 'string' | 'integer' | 'boolean', description: string) => ({
  name,
  in: 'query',
  description,
  schema: { type, uniqueItems: true },
});

export const pathParameter = (name: 'name' | 'namespace') => ({
  name,
  in: 'path',
  required: true,
  description: name === 'name' ? 'Name of the object.' : 'Namespace of the object.',
  schema: { type: 'string', uniqueItems: true },
});

export const prettyParameter = query('pretty', 'string', "If 'true', the answer is indented.");

const resourceVersion = query('resourceVersion', 'string', 'Oldest version that the answer may be of.');
const resourceVersionMatch = query(
  'resourceVersionMatch',
  'string',
  'How resourceVersion is meant: Exact or NotOlderThan.',
);
const labelSelector = query('labelSelector', 'string', 'Only objects whose labels match.');
const fieldSelector = query('fieldSelector', 'string', 'Only objects whose fields match.');
const limit = query('limit', 'integer', 'At most this many objects in one answer.');
const continuation = query('continue', 'string', 'Token of the answer before, to go on from there.');

export const listParameters = [
  query('allowWatchBookmarks', 'boolean', 'The watch sends BOOKMARK events.'),
  continuation,
  fieldSelector,
  labelSelector,
  limit,
  resourceVersion,
  resourceVersionMatch,
  query('sendInitialEvents', 'boolean', 'The watch begins with what is there, then a bookmark.'),
  query('timeoutSeconds', 'integer', 'The watch ends after this time.'),
  query('watch', 'boolean', 'Stream changes instead of answering once.'),
] as const;

const dryRun = query('dryRun', 'string', "'All': do everything but store.");

export const writeParameters = [
  dryRun,
  query('fieldManager', 'string', 'Name of the actor that makes the change.'),
  query('fieldValidation', 'string', 'Unknown fields: Ignore, Warn or Strict (default).'),
] as const;

export const patchParameters = [
  ...writeParameters,
  query('force', 'boolean', 'Apply takes over fields that others manage.'),
] as const;

export const deleteParameters = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Time that the object has to end.'),
  query('orphanDependents', 'boolean', 'Deprecated: see propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
] as const;

export const deleteCollectionParameters = [
  ...deleteParameters,
  continuation,
  fieldSelector,
  labelSelector,
  limit,
] as const;
