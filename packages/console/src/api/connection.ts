// Owns whether the controller answers: looked at when a request went wrong or is late, and until it answers again.
// I1: while all is well nothing is asked: what the page does anyway tells it.
// I2: what has failed meanwhile is asked for again once it answers.
import { useSyncExternalStore } from 'react';
import { controllerAddress } from './address.ts';
import { askAgain } from './queries.ts';

/** After this a file of the page is late. */
const lateMs = 8_000;
const answerMs = 5_000;
const firstWaitMs = 500;
const maxWaitMs = 5_000;

let isCut = false;
let looking: Promise<void> | undefined;
const listeners = new Set<() => void>();

const set = (next: boolean): void => {
  if (next === isCut) return;
  isCut = next;
  for (const listener of listeners) listener();
};

const answers = async (): Promise<boolean> => {
  try {
    await fetch(`${controllerAddress}/livez`, { signal: AbortSignal.timeout(answerMs), cache: 'no-store' });
    return true;
  } catch {
    return false;
  }
};

const look = async (): Promise<void> => {
  for (let waitMs = firstWaitMs; !(await answers()); waitMs = Math.min(waitMs * 2, maxWaitMs)) {
    set(true);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  looking = undefined;
  if (isCut) void askAgain();
  set(false);
};

/** Something gave no answer: has the controller gone? Resolves when it answers. */
export const noteSilence = (): Promise<void> => {
  looking ??= look();
  return looking;
};

/** A file of the page: what is late is noted, and what could not be had is fetched once the controller answers. */
export const fetched = async <T>(load: () => Promise<T>): Promise<T> => {
  const late = setTimeout(() => void noteSilence(), lateMs);
  try {
    return await load();
  } catch {
    await noteSilence();
    return await load();
  } finally {
    clearTimeout(late);
  }
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** True while it does not answer. */
export const useIsCut = (): boolean => useSyncExternalStore(subscribe, () => isCut);
