// Owns the query string: Kubernetes' spelling of options → typed options of the resources room.
import { ApiError, managerProblem } from '@drover/api';
import type { FastifyRequest } from 'fastify';
import type { ListOptions, WatchOptions, WriteOptions } from '../resources/resources.ts';

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export const queryOf = (request: FastifyRequest): Query => request.query as Query;

/** First value of a parameter; undefined when absent or empty. */
export const first = (query: Query, name: string): string | undefined => {
  const value = query[name];
  const text = typeof value === 'string' ? value : value?.[0];
  return text === '' ? undefined : text;
};

/** As apimachinery reads booleans: absent, "false" and "0" are false, all else is true. */
export const isTrue = (query: Query, name: string): boolean => {
  const value = query[name];
  if (value === undefined) return false;
  const text = (typeof value === 'string' ? value : (value[0] ?? '')).toLowerCase();
  return text !== 'false' && text !== '0';
};

const badParameter = (name: string, value: string, why: string): ApiError =>
  new ApiError('BadRequest', `cannot read query parameter ${name}="${value.slice(0, 100)}": ${why}`);

/** A whole number from 0 to `max`; undefined when absent. Throws BadRequest. */
export const integer = (query: Query, name: string, max = Number.MAX_SAFE_INTEGER): number | undefined => {
  const text = first(query, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw badParameter(name, text, `must be a whole number from 0 to ${max}`);
  return value;
};

/** One of a closed list of words; undefined when absent. Throws BadRequest. */
export const word = <W extends string>(query: Query, name: string, words: readonly W[]): W | undefined => {
  const text = first(query, name);
  if (text === undefined) return undefined;
  const found = words.find((w) => w === text);
  if (found === undefined) throw badParameter(name, text, `must be one of ${words.join(', ')}`);
  return found;
};

const present = <T>(key: string, value: T | undefined): Readonly<Record<string, T>> =>
  value === undefined ? {} : { [key]: value };

/** namespace '' : all namespaces, or cluster scope. */
export const listOptions = (query: Query, namespace: string): ListOptions => {
  const limit = integer(query, 'limit');
  return {
    ...present('namespace', namespace === '' ? undefined : namespace),
    ...present('labelSelector', first(query, 'labelSelector')),
    ...present('fieldSelector', first(query, 'fieldSelector')),
    ...present('limit', limit === 0 ? undefined : limit),
    ...present('continue', first(query, 'continue')),
  };
};

/** Without timeoutSeconds a watch ends after an hour, so that clients spread over several controllers move about. */
const watchSeconds = 3_600;

export const watchOptions = (query: Query, namespace: string, signal: AbortSignal): WatchOptions => {
  const { namespace: within, labelSelector, fieldSelector } = listOptions(query, namespace);
  return {
    ...present('namespace', within),
    ...present('labelSelector', labelSelector),
    ...present('fieldSelector', fieldSelector),
    ...present('resourceVersion', first(query, 'resourceVersion')),
    ...(query['sendInitialEvents'] === undefined
      ? {}
      : { sendInitialEvents: isTrue(query, 'sendInitialEvents') }),
    allowWatchBookmarks: isTrue(query, 'allowWatchBookmarks'),
    timeoutMs: (integer(query, 'timeoutSeconds', 86_400) || watchSeconds) * 1_000,
    signal,
  };
};

/** dryRun=All, or absent. */
export const isDryRun = (query: Query): boolean => word(query, 'dryRun', ['All']) === 'All';

const maxManagerLength = 128;

const invalidOption = (field: string, why: string): ApiError =>
  new ApiError('Invalid', `PatchOptions.meta.k8s.io "" is invalid: ${field}: ${why}`, {
    group: 'meta.k8s.io',
    kind: 'PatchOptions',
    causes: [{ reason: 'FieldValueInvalid', message: why, field }],
  });

/** fieldManager as the query has it. Throws Invalid. */
const givenManager = (query: Query): string | undefined => {
  const name = first(query, 'fieldManager');
  const problem = name === undefined ? undefined : managerProblem(name);
  if (problem !== undefined) throw invalidOption('fieldManager', `Invalid value: ${problem}`);
  return name;
};

/** Whose the change is: fieldManager, else the program by its User-Agent, as Kubernetes has it. */
const managerOf = (query: Query, userAgent: string): string => {
  const program = (userAgent.split('/', 1)[0] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, maxManagerLength);
  return givenManager(query) ?? (program === '' ? 'unknown' : program);
};

export const writeOptions = (
  query: Query,
  userAgent: string,
  onWarning: (message: string) => void,
): WriteOptions & { readonly fieldManager: string } => ({
  dryRun: isDryRun(query),
  fieldManager: managerOf(query, userAgent),
  ...present('fieldValidation', word(query, 'fieldValidation', ['Ignore', 'Warn', 'Strict'])),
  onWarning,
});

/** What apply takes besides. Throws Invalid without a fieldManager. */
export const applyForce = (query: Query): boolean => {
  if (givenManager(query) === undefined) {
    throw invalidOption('fieldManager', 'Required value: is required for apply patch');
  }
  return isTrue(query, 'force');
};

/** Throws Invalid when `force` is given for what is not an apply. */
export const refuseForce = (query: Query): void => {
  if (query['force'] !== undefined) {
    throw invalidOption('force', 'Forbidden: may not be specified for non-apply patch');
  }
};

/** Throws when a list cannot be as new, or as old, as resourceVersion and resourceVersionMatch want it. */
export const checkFreshness = (query: Query, revision: number): void => {
  const match = word(query, 'resourceVersionMatch', ['Exact', 'NotOlderThan']);
  const wanted = integer(query, 'resourceVersion');
  if (match !== undefined && wanted === undefined) {
    throw new ApiError('Invalid', 'cannot list: resourceVersionMatch needs resourceVersion');
  }
  if (wanted === undefined || wanted === 0) return;
  if (wanted > revision) {
    throw new ApiError('Timeout', `cannot list: resource version ${wanted} is newer than ${revision}`, {
      retryAfterSeconds: 1,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    });
  }
  if (match === 'Exact' && wanted !== revision) {
    throw new ApiError('Expired', `cannot list: resource version ${wanted} is no longer kept; list anew`);
  }
};
