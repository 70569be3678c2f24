// Owns what only one of several controllers runs, and whether that is this one.
// I1: what is to run alone begins, in the order in which it was named, when this controller begins to lead; all of it is told to
//     end in the moment in which it leads no more.
// I2: beginnings and ends follow each other: nothing is begun again before its last end is over, and what was still beginning when the
//     lead was lost ends too, also when the lead is back by then: each lead begins all of it anew.
// I3: what cannot begin is tried again for as long as this controller leads.
import type { Log } from './log.ts';

interface Closable {
  close(): unknown;
}

export interface Leadership {
  readonly isLeading: boolean;
  /** Runs it while this controller leads; resolves when it has begun, or when this controller does not lead. */
  during(start: () => Closable | Promise<Closable>): Promise<void>;
}

const retryMs = 1_000;

export class OwnLeadership implements Leadership {
  readonly #log: Log;
  readonly #holds: () => boolean;
  readonly #starts: (() => Closable | Promise<Closable>)[] = [];
  /** Of the first of `#starts`, as many as have begun. */
  #running: Closable[] = [];
  #isTold = false;
  /** How often it has ended. */
  #ends = 0;
  #turn: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;

  /** `holds`: whether it may still be taken for granted now; a process that was stopped learns of the end too late. */
  constructor(log: Log, holds: () => boolean = () => true) {
    this.#log = log;
    this.#holds = holds;
  }

  get isLeading(): boolean {
    return this.#isTold && this.#holds();
  }

  during(start: () => Closable | Promise<Closable>): Promise<void> {
    this.#starts.push(start);
    return this.#pass();
  }

  begin(): void {
    this.#isTold = true;
    this.#passAgain();
  }

  /** I1. Resolves when everything has ended. */
  async end(): Promise<void> {
    this.#isTold = false;
    this.#ends += 1;
    clearTimeout(this.#retry);
    const ending = this.#endRunning();
    // I2: what had begun to begin is there once its turn is over.
    this.#turn = Promise.all([ending, this.#turn]).then(() => this.#endRunning());
    await this.#turn;
  }

  async #endRunning(): Promise<void> {
    const running = this.#running;
    this.#running = [];
    for (const one of await Promise.allSettled(running.reverse().map(async (one) => one.close())))
      if (one.status === 'rejected') this.#log.warn({ err: one.reason }, 'cannot end cleanly what ran alone');
  }

  #pass(): Promise<void> {
    const pass = this.#turn.then(() => this.#start());
    this.#turn = pass.catch(() => undefined);
    return pass;
  }

  /** I3. */
  #passAgain(): void {
    this.#pass().catch((err: unknown) => {
      this.#log.error({ err }, 'cannot begin what the leader runs: trying again');
      if (this.#isTold) this.#retry = setTimeout(() => this.#passAgain(), retryMs);
    });
  }

  async #start(): Promise<void> {
    const ends = this.#ends;
    for (const start of this.#starts.slice(this.#running.length)) {
      if (!this.isLeading || ends !== this.#ends) return; // I2
      const begun = await start();
      // The list may have been another one before.
      this.#running.push(begun);
    }
  }

  async close(): Promise<void> {
    await this.end();
  }
}

/** Where there is one controller only. */
export const leadAlone = (log: Log): OwnLeadership => {
  const leadership = new OwnLeadership(log);
  leadership.begin();
  return leadership;
};
