// Owns how a stream of lines goes on after the connection was cut.
// I1: a cut is met by asking again from the last cursor; after `giveUpMs` without an answer the fault is thrown.
// I2: a refusal by the server (ApiError) is never retried, save 503 while it starts.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@drover/api/errors';
import { exitCodes, Failure } from '../failure.ts';

export const isPassing = (error: unknown): boolean =>
  (error instanceof Failure && error.exitCode === exitCodes.unreachable) ||
  (error instanceof ApiError &&
    (error.reason === 'ServiceUnavailable' || error.reason === 'TooManyRequests'));

export interface Resume<T> {
  /** Opens the stream from where `cursor` of the caller stands. */
  readonly open: () => AsyncIterable<T>;
  /** Says, when a stream ended by itself, whether that was the end of all. */
  readonly isOver: () => boolean;
  readonly onCut: () => void;
  readonly signal: AbortSignal;
  readonly giveUpMs?: number;
}

/** All lines of successive streams. Throws when aborted, refused, or cut off for too long. */
export async function* resumeLines<T>(resume: Resume<T>): AsyncGenerator<T> {
  const giveUpMs = resume.giveUpMs ?? 60_000;
  let lastHeardMs = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    try {
      for await (const line of resume.open()) {
        lastHeardMs = performance.now();
        attempt = 0;
        yield line;
      }
      if (resume.isOver()) return;
      lastHeardMs = performance.now();
    } catch (error) {
      if (resume.signal.aborted || !isPassing(error)) throw error;
      if (performance.now() - lastHeardMs > giveUpMs) throw error;
    }
    resume.onCut();
    await sleep(Math.min(100 * 2 ** attempt, 2000), undefined, { signal: resume.signal });
  }
}
