// Owns applying an object from a file: created when absent, else changed by the difference to the last applied
// form (kept in the annotation that kubectl uses, so that both can take turns).
import type { KubeObject } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import type { Client, KindReference } from '@drover/client';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

type Json = unknown;
const isRecord = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSame = (a: Json, b: Json): boolean => {
  if (isRecord(a) && isRecord(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => isSame(a[key], b[key]));
  }
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  return a === b;
};

/**
 * The JSON merge patch that brings `live` to what `wanted` says: what `wanted` has is set where it differs, what
 * was in `before` and is not in `wanted` any more is removed, everything else stays. Undefined: nothing to do.
 */
export const toApplyPatch = (before: Json, wanted: Json, live: Json): Json => {
  if (!isRecord(wanted) || !isRecord(live)) return isSame(wanted, live) ? undefined : wanted;
  const old = isRecord(before) ? before : {};
  const patch: Record<string, Json> = {};
  for (const [key, value] of Object.entries(wanted)) {
    const part = toApplyPatch(old[key], value, live[key]);
    if (part !== undefined) patch[key] = part;
  }
  for (const key of Object.keys(old)) if (!(key in wanted) && key in live) patch[key] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
};

/** The object without the note of how it was applied. */
const toPlain = (object: KubeObject): KubeObject => {
  const { annotations = {}, ...metadata } = object.metadata;
  const { [lastApplied]: _, ...rest } = annotations;
  const kept = Object.keys(rest).length === 0 ? {} : { annotations: rest };
  return { ...object, metadata: { ...metadata, ...kept } };
};

const toNoted = (plain: KubeObject): KubeObject => {
  const annotations = { ...plain.metadata.annotations, [lastApplied]: `${JSON.stringify(plain)}\n` };
  return { ...plain, metadata: { ...plain.metadata, annotations } };
};

const previousOf = (live: KubeObject): Json => {
  const text = live.metadata.annotations?.[lastApplied];
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
};

export interface Applied {
  readonly object: KubeObject;
  readonly change: 'created' | 'configured' | 'unchanged';
}

export interface ApplyOptions {
  readonly namespace: string;
  readonly dryRun: boolean;
}

export const applyObject = async (
  client: Client,
  kind: KindReference<KubeObject>,
  object: KubeObject,
  options: ApplyOptions,
): Promise<Applied> => {
  const name = object.metadata.name ?? '';
  const plain = toPlain(object);
  const write = { ...options, fieldManager: 'drover-apply' };
  let live: KubeObject;
  try {
    live = await client.get(kind, name, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
    return { object: await client.create(kind, toNoted(plain), write), change: 'created' };
  }
  const before = previousOf(live);
  if (toApplyPatch(before, plain, live) === undefined && isSame(before, plain))
    return { object: live, change: 'unchanged' };
  const body = toApplyPatch(before, toNoted(plain), live) ?? {};
  return { object: await client.patch(kind, name, { type: 'merge', body }, write), change: 'configured' };
};
