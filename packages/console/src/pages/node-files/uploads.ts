// Owns uploads into directories of nodes while they go on: they outlive the tab that began them, not the page.
import { useSyncExternalStore } from 'react';
import { nowMs } from '../../ui/clock.ts';
import { bring } from '../transfers/bring.ts';
import type { Item } from '../transfers/choose.ts';
import { createSpeed } from '../work/speed.ts';
import { type PushWish, push } from './one-file.ts';

export interface Upload {
  readonly id: number;
  readonly node: string;
  readonly path: string;
  /** reading: here; sending: to the controller; moving: from there to the node. */
  readonly stage: 'waiting' | 'reading' | 'sending' | 'moving' | 'done' | 'failed' | 'cancelled';
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  /** Why it failed, in the controller's or the node's words. */
  readonly why: string;
}

let uploads: readonly Upload[] = [];
let lastId = 0;
const stops = new Map<number, AbortController>();
const listeners = new Set<() => void>();

const set = (next: readonly Upload[]): void => {
  uploads = next;
  for (const listener of listeners) listener();
};

const change = (id: number, what: Partial<Upload>): void =>
  set(uploads.map((upload) => (upload.id === id ? { ...upload, ...what } : upload)));

const run = async (
  { id, node }: Upload,
  item: Item,
  wish: Omit<PushWish, 'manifest'>,
  signal: AbortSignal,
): Promise<void> => {
  const manifest = await bring(item, (progress) => change(id, progress), signal);
  const speed = createSpeed();
  change(id, { stage: 'moving', doneBytes: 0, bytesPerSecond: 0 });
  await push(node, { ...wish, manifest }, signal, ({ doneBytes, totalBytes }) =>
    change(id, { doneBytes, totalBytes, bytesPerSecond: speed(doneBytes, nowMs()) }),
  );
};

/** Resolves when it has ended, however that was. */
export const startUpload = async (
  node: string,
  item: Item,
  wish: Omit<PushWish, 'manifest'>,
): Promise<void> => {
  const id = ++lastId;
  const stop = new AbortController();
  const upload: Upload = {
    id,
    node,
    path: wish.path,
    stage: 'waiting',
    doneBytes: 0,
    totalBytes: item.sizeBytes,
    bytesPerSecond: 0,
    why: '',
  };
  stops.set(id, stop);
  set([...uploads, upload]);
  try {
    await run(upload, item, wish, stop.signal);
    change(id, { stage: 'done' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    change(id, stop.signal.aborted ? { stage: 'cancelled' } : { stage: 'failed', why });
  } finally {
    stops.delete(id);
  }
};

/** Stops it, here and on the node. */
export const cancelUpload = (id: number): void => stops.get(id)?.abort(new Error('cancelled'));

/** Takes what has ended out of sight. */
export const forgetUploads = (node: string): void =>
  set(uploads.filter((upload) => upload.node !== node || stops.has(upload.id)));

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useUploads = (): readonly Upload[] => useSyncExternalStore(subscribe, () => uploads);
