// Owns lists and their pages.
// I1: all pages of one list show the state of the first page's revision, also while objects change.
import { ApiError, type Kind, resourceKey } from '@drover/api';
import type { Cache, Entry } from './cache.ts';
import type { ListOptions, ObjectList } from './resources.ts';
import { parseSelection, type Selection } from './select.ts';

interface Position {
  readonly revision: number;
  /** Key of the last entry that was given. */
  readonly after: string;
}

const encode = ({ revision, after }: Position): string =>
  Buffer.from(JSON.stringify([revision, after])).toString('base64url');

/** Throws ApiError BadRequest for a token that this server did not make. */
const parseContinue = (kind: Kind, token: string): Position => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && Number.isSafeInteger(parsed[0]) && typeof parsed[1] === 'string') {
      return { revision: Number(parsed[0]), after: parsed[1] };
    }
  } catch {
    // Told below.
  }
  throw new ApiError('BadRequest', `cannot list ${resourceKey(kind)}: the continue token is not one of ours`);
};

const page = (
  entries: readonly Entry[],
  selection: Selection,
  revision: number,
  limit: number,
): ObjectList => {
  const matching = selection.everything
    ? entries
    : entries.filter((entry) => selection.matches(entry.object));
  const resourceVersion = String(revision);
  if (limit === 0 || matching.length <= limit) {
    return { resourceVersion, items: matching.map((entry) => entry.object) };
  }
  const given = matching.slice(0, limit);
  return {
    resourceVersion,
    items: given.map((entry) => entry.object),
    continue: encode({ revision, after: given.at(-1)?.key ?? '' }),
    ...(selection.everything ? { remainingItemCount: matching.length - limit } : {}),
  };
};

export const list = (cache: Cache, kind: Kind, options: ListOptions): ObjectList => {
  const { limit = 0 } = options;
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new ApiError('BadRequest', `cannot list ${resourceKey(kind)}: limit must be a whole number from 0`);
  }
  const selection = parseSelection(kind, options);
  const objects = cache.of(kind);
  if (options.continue === undefined || options.continue === '') {
    return page(objects.entries(options.namespace), selection, cache.revision, limit);
  }
  const { revision, after } = parseContinue(kind, options.continue);
  const entries = objects.entriesAt(options.namespace, revision).filter((entry) => entry.key > after);
  return page(entries, selection, revision, limit);
};
