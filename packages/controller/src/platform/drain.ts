// Owns the end of a process that serves: in which order those who are served are told, and how long it may take.
// I1: serving → leaving → draining → over, never back. Leaving, everything is as before except that others are told to go elsewhere.
// I2: parts drain in the order in which they were added: what needs a later one (a terminal its agent) is gone before it.
// I3: it is over when all parts are done, after `timeoutMs`, or when somebody does not want to wait; then `signal` is aborted.
import type { DrainStatus } from '@drover/api';
import { type Clock, toTimestamp } from './clock.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** Something that is to let go of those whom it serves. */
export interface DrainPart {
  /** Resolves when nobody is left, or when there is no more time. */
  drain(signal: AbortSignal): Promise<void>;
  /** What is left, by what it is. */
  left(): Readonly<Record<string, number>>;
}

export interface DrainTimes {
  /** How long it is leaving. */
  readonly delayMs: number;
  readonly timeoutMs: number;
}

interface DrainDeps extends DrainTimes {
  readonly clock: Clock;
  readonly log: Log;
}

export class Drain {
  readonly #deps: DrainDeps;
  readonly #parts: DrainPart[] = [];
  readonly #over = new AbortController();
  #state: DrainStatus['state'] = 'serving';
  #sinceMs = 0;
  #ended: Promise<void> | undefined;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  get state(): DrainStatus['state'] {
    return this.#state;
  }

  add(part: DrainPart): void {
    this.#parts.push(part);
  }

  status(): DrainStatus {
    const { delayMs, timeoutMs } = this.#deps;
    const since = this.#state === 'serving' ? {} : { since: toTimestamp(this.#sinceMs) };
    const left = Object.assign({}, ...this.#parts.map((part) => part.left()));
    return {
      state: this.#state,
      ...since,
      delaySeconds: delayMs / 1_000,
      timeoutSeconds: timeoutMs / 1_000,
      left,
    };
  }

  /** Resolves when it is over; once begun it only goes on. */
  begin(why: string): Promise<void> {
    this.#ended ??= this.#run(why);
    return this.#ended;
  }

  /** Does not wait any longer. */
  hurry(): void {
    this.#over.abort();
  }

  async #run(why: string): Promise<void> {
    const { clock, log, delayMs, timeoutMs } = this.#deps;
    const { signal } = this.#over;
    this.#sinceMs = clock.nowMs();
    this.#state = 'leaving';
    log.info({ why, delayMs, timeoutMs }, 'draining before the stop');
    await pause(delayMs, signal);
    this.#state = 'draining';
    const bound = setTimeout(() => this.hurry(), timeoutMs);
    for (const part of this.#parts)
      await part.drain(signal).catch((err: unknown) => log.error({ err }, 'cannot drain cleanly'));
    clearTimeout(bound);
    const { left } = this.status();
    if (signal.aborted) log.warn({ left }, 'stopping before everything was drained');
    else log.info({ ms: clock.nowMs() - this.#sinceMs }, 'drained');
  }
}
