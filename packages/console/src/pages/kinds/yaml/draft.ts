// Owns what somebody has typed of an object and not saved yet: one text, which form and editor both change.
// I1: nothing typed is lost: it outlives the tab of the page, and a reload, until it is saved or thrown away.
//     What is secret, or too large, is not written anywhere; the browser asks before the page is left then.
// I2: the controller is asked what it thinks of the text (dry run) once typing rests, never about an older text.
import type { KubeObject } from '@drover/api';
import { ApiError, type Cause } from '@drover/api/errors';
import { defaultNamespace, type KindReference } from '@drover/client/kinds';
import { useSyncExternalStore } from 'react';
import { client } from '../../../api/client.ts';
import type { Path } from '../schema/schema.ts';
import { contentOf, parseText } from './document.ts';
import { toUpdate } from './editable.ts';
import { parseFieldPath } from './field-path.ts';

export interface Place {
  readonly kind: KindReference;
  /** '' for cluster scope, and for a new object, whose text says it. */
  readonly namespace: string;
  /** '': a new object. */
  readonly name: string;
}

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

export interface Draft {
  readonly text: string;
  /** What editing began from; undefined for a new object. */
  readonly base?: KubeObject;
  /** What the controller has against it, as far as it has been asked. */
  readonly problems: readonly Problem[];
}

const restMs = 700;
const prefix = 'drover.draft.';

const keyOf = ({ kind: { group, version, plural }, namespace, name }: Place): string =>
  `${prefix}${group}/${version}/${plural}/${namespace}/${name}`;

const isSecret = ({ kind: { group, kind } }: Place): boolean => group === '' && kind === 'Secret';

/** What a refusal says of fields; of the whole object if it names none. */
export const toProblems = (error: unknown): readonly Problem[] => {
  const causes: readonly Cause[] = (error instanceof ApiError ? error.details?.causes : undefined) ?? [];
  if (causes.length === 0)
    return [{ path: [], message: error instanceof Error ? error.message : String(error) }];
  return causes.map(({ field = '', message }) => ({ path: parseFieldPath(field), message }));
};

/** A new object says itself where it is to be. */
const namespaceIn = (value: unknown): string => {
  const { metadata } = value as { readonly metadata?: { readonly namespace?: unknown } };
  return typeof metadata?.namespace === 'string' ? metadata.namespace : defaultNamespace;
};

/** Sends `value` as the new state of what is at `place`. Throws what the controller says. */
export const send = (
  { kind, namespace, name }: Place,
  value: unknown,
  base: KubeObject | undefined,
  options: { readonly dryRun: boolean; readonly signal?: AbortSignal },
): Promise<KubeObject> => {
  const how = { ...options, fieldManager: 'console' };
  return base === undefined
    ? client.create(kind, value, { ...how, namespace: namespaceIn(value) })
    : client.update(kind, name, toUpdate(value, base), { ...how, namespace });
};

const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();
const asking = new Map<
  string,
  { readonly stop: AbortController; readonly timer: ReturnType<typeof setTimeout> }
>();
const unwritten = new Set<string>();

const askBeforeLeaving = (event: BeforeUnloadEvent): void => event.preventDefault();

const publish = (key: string, draft: Draft | undefined): void => {
  if (draft === undefined) drafts.delete(key);
  else drafts.set(key, draft);
  for (const listener of listeners) listener();
};

const forget = (key: string): void => {
  const asked = asking.get(key);
  asked?.stop.abort();
  clearTimeout(asked?.timer);
  asking.delete(key);
};

/** False when the browser has no room for it. */
const write = (key: string, { text, base }: Draft): boolean => {
  try {
    sessionStorage.setItem(key, JSON.stringify({ text, base }));
    return true;
  } catch {
    // What is there is older than what was typed.
    sessionStorage.removeItem(key);
    return false;
  }
};

const keep = (place: Place, draft: Draft): void => {
  const key = keyOf(place);
  if (!isSecret(place) && write(key, draft)) return;
  unwritten.add(key);
  addEventListener('beforeunload', askBeforeLeaving);
};

const restore = (key: string): Draft | undefined => {
  const known = drafts.get(key);
  const found = known === undefined ? sessionStorage.getItem(key) : null;
  if (found === null) return known;
  // Written by `keep`.
  const draft = { ...(JSON.parse(found) as Omit<Draft, 'problems'>), problems: [] };
  drafts.set(key, draft);
  return draft;
};

/** I2. A newer version of the object is no problem of the text: it is joined when it is saved. */
const ask = async (place: Place, text: string, signal: AbortSignal): Promise<readonly Problem[]> => {
  const value = contentOf(parseText(text));
  const base = drafts.get(keyOf(place))?.base;
  if (typeof value !== 'object' || value === null) return [];
  const unversioned =
    base === undefined ? undefined : { ...base, metadata: { ...base.metadata, resourceVersion: '' } };
  try {
    await send(place, value, unversioned, { dryRun: true, signal });
    return [];
  } catch (error) {
    return toProblems(error);
  }
};

const askLater = (place: Place, text: string): void => {
  const key = keyOf(place);
  forget(key);
  const stop = new AbortController();
  const timer = setTimeout(async () => {
    const problems = await ask(place, text, stop.signal);
    const draft = drafts.get(key);
    if (!stop.signal.aborted && draft !== undefined) publish(key, { ...draft, problems });
  }, restMs);
  asking.set(key, { stop, timer });
};

/** `base`: what it began from, unless somebody has typed already. */
export const typeText = (place: Place, text: string, base: KubeObject | undefined): void => {
  const key = keyOf(place);
  const before = drafts.get(key);
  const began = before === undefined ? base : before.base;
  const draft = { text, problems: before?.problems ?? [], ...(began === undefined ? {} : { base: began }) };
  keep(place, draft);
  publish(key, draft);
  askLater(place, text);
};

/** The text now begins from another version, with which it has been joined. */
export const rebase = (place: Place, text: string, base: KubeObject): void => {
  const draft = { text, base, problems: [] };
  keep(place, draft);
  publish(keyOf(place), draft);
  askLater(place, text);
};

export const showProblems = (place: Place, problems: readonly Problem[]): void => {
  const draft = drafts.get(keyOf(place));
  if (draft !== undefined) publish(keyOf(place), { ...draft, problems });
};

export const throwAway = (place: Place): void => {
  const key = keyOf(place);
  forget(key);
  sessionStorage.removeItem(key);
  unwritten.delete(key);
  if (unwritten.size === 0) removeEventListener('beforeunload', askBeforeLeaving);
  publish(key, undefined);
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** undefined: nothing has been typed. */
export const draftOf = (place: Place): Draft | undefined => restore(keyOf(place));

/** The same, kept up to date. */
export const useDraft = (place: Place): Draft | undefined => {
  const key = keyOf(place);
  return useSyncExternalStore(subscribe, () => restore(key));
};
