// Owns one priority level: how much may be under way in it, and who goes next.
// I1: what is under way never takes more seats than the level has, and what is of one flow never more than a flow may
//     have: so one flow never takes the last ones, and who comes new need not wait for it.
// I2: of the flows that wait, the one that has been given least work goes next. Who was away has no credit for it, and
//     who is alone pays nothing for it later.
// I3: what waits is bounded by flow, in all, and in time.
// I4: as long as nobody waits there is no timer, no promise and no search.
import { ApiError } from '@drover/api';

export interface LevelSettings {
  readonly seats: number;
  readonly seatsPerFlow: number;
  readonly waiting: number;
  readonly waitingPerFlow: number;
  readonly maxWaitMs: number;
  /** Long-running requests of one flow: they take no seats. */
  readonly staysPerFlow: number;
}

/** What a request costs: seats while it is under way, and work, by which flows are compared. One of each: a get. */
export interface Cost {
  readonly seats: number;
  readonly work: number;
}

interface Flow {
  seats: number;
  stays: number;
  /** Work that it has been given, on the level's scale. */
  given: number;
  readonly waiting: Set<Waiter>;
}

interface Waiter {
  readonly cost: Cost;
  readonly seat: () => void;
}

export interface Ticket {
  /** Gives the seats back and counts as long-running from now on. Throws TooManyRequests. */
  stay(): void;
  /** The end of it, also while it stays. */
  leave(): void;
}

export type Refusal = 'queue-full' | 'time-out' | 'long-running';

const retryAfterSeconds = 1;

const whys: Readonly<Record<Refusal, string>> = {
  'queue-full': 'too many of your requests are waiting already',
  'time-out': 'it has waited too long for others to be done',
  'long-running': 'too many of your watches, logs, shells and transfers are open already',
};

const refuse = (refusal: Refusal): ApiError =>
  new ApiError('TooManyRequests', `cannot serve this request now: ${whys[refusal]}; try again later`, {
    retryAfterSeconds,
  });

export class Level {
  readonly #settings: LevelSettings;
  readonly #flows = new Map<string, Flow>();
  /** Flows that have nothing here, but whose past still counts (I2). */
  readonly #past = new Map<string, Flow>();
  /** Flows with something waiting. */
  readonly #hungry = new Set<Flow>();
  readonly rejected: Record<Refusal, number> = { 'queue-full': 0, 'time-out': 0, 'long-running': 0 };
  /** Work given to the flow that was served last. */
  #now = 0;
  #seats = 0;
  #waiting = 0;
  #executing = 0;
  #stays = 0;

  constructor(settings: LevelSettings) {
    this.#settings = settings;
  }

  /** Requests under way, seats they take, requests that wait, long-running ones, and flows that are known. */
  counts() {
    return {
      executing: this.#executing,
      seats: this.#seats,
      queued: this.#waiting,
      longRunning: this.#stays,
      flows: this.#flows.size + this.#past.size,
    };
  }

  /**
   * A ticket at once, or a promise of one while others are served; it rejects with TooManyRequests, and with the
   * signal's reason when the one who asks has gone. Throws TooManyRequests when too much waits already.
   */
  enter(name: string, cost: Cost, gone: () => AbortSignal): Ticket | Promise<Ticket> {
    const flow = this.#flowOf(name);
    if (this.#waiting === 0 && this.#fits(flow, cost)) return this.#seat(name, flow, cost);
    const { waiting, waitingPerFlow } = this.#settings;
    if (this.#waiting >= waiting || flow.waiting.size >= waitingPerFlow) throw this.#refuse('queue-full');
    const ticket = this.#wait(name, flow, cost, gone());
    this.#serve();
    return ticket;
  }

  #refuse(refusal: Refusal): ApiError {
    this.rejected[refusal] += 1;
    return refuse(refusal);
  }

  /** A long-running thing that never took a seat. Throws TooManyRequests. */
  open(name: string): Ticket {
    const flow = this.#flowOf(name);
    this.#beginStay(flow);
    let isOpen = true;
    const leave = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#endStay(name, flow);
    };
    return { stay: () => undefined, leave };
  }

  #beginStay(flow: Flow): void {
    if (flow.stays >= this.#settings.staysPerFlow) throw this.#refuse('long-running');
    flow.stays += 1;
    this.#stays += 1;
  }

  #endStay(name: string, flow: Flow): void {
    flow.stays -= 1;
    this.#stays -= 1;
    this.#forget(name, flow);
  }

  #flowOf(name: string): Flow {
    const known = this.#flows.get(name) ?? this.#past.get(name);
    if (known !== undefined) {
      if (this.#past.delete(name)) this.#flows.set(name, known);
      return known;
    }
    const flow: Flow = { seats: 0, stays: 0, given: 0, waiting: new Set() };
    this.#flows.set(name, flow);
    return flow;
  }

  #forget(name: string, flow: Flow): void {
    if (flow.seats > 0 || flow.stays > 0 || flow.waiting.size > 0) return;
    this.#flows.delete(name);
    if (this.#waiting > 0 && flow.given > this.#now) this.#past.set(name, flow);
  }

  #seatsOf({ seats }: Cost): number {
    return Math.min(seats, this.#settings.seatsPerFlow);
  }

  #mayHave(flow: Flow, cost: Cost): boolean {
    return flow.seats + this.#seatsOf(cost) <= this.#settings.seatsPerFlow;
  }

  #fits(flow: Flow, cost: Cost): boolean {
    return this.#mayHave(flow, cost) && this.#seats + this.#seatsOf(cost) <= this.#settings.seats;
  }

  #seat(name: string, flow: Flow, cost: Cost): Ticket {
    const seats = this.#seatsOf(cost);
    let state: 'under-way' | 'stays' | 'gone' = 'under-way';
    this.#now = Math.max(this.#now, flow.given);
    flow.given = this.#now + cost.work;
    flow.seats += seats;
    this.#seats += seats;
    this.#executing += 1;
    const giveBack = (): void => {
      flow.seats -= seats;
      this.#seats -= seats;
      this.#executing -= 1;
    };
    return {
      stay: () => {
        if (state !== 'under-way') return;
        this.#beginStay(flow);
        giveBack();
        state = 'stays';
        this.#serve();
      },
      leave: () => {
        if (state === 'gone') return;
        if (state === 'stays') this.#endStay(name, flow);
        else {
          giveBack();
          this.#forget(name, flow);
          this.#serve();
        }
        state = 'gone';
      },
    };
  }

  #wait(name: string, flow: Flow, cost: Cost, gone: AbortSignal): Promise<Ticket> {
    const { promise, resolve, reject } = Promise.withResolvers<Ticket>();
    const end = (): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', onGone);
      this.#waiting -= 1;
      flow.waiting.delete(waiter);
      if (flow.waiting.size === 0) this.#hungry.delete(flow);
      if (this.#waiting === 0) this.#past.clear();
    };
    const giveUp = (error: unknown): void => {
      end();
      this.#forget(name, flow);
      reject(error);
      // It may have been the one that held others back.
      this.#serve();
    };
    const onGone = (): void => giveUp(gone.reason);
    const timer = setTimeout(() => giveUp(this.#refuse('time-out')), this.#settings.maxWaitMs);
    const waiter: Waiter = {
      cost,
      seat: () => {
        end();
        resolve(this.#seat(name, flow, cost));
      },
    };
    gone.addEventListener('abort', onGone);
    this.#waiting += 1;
    flow.waiting.add(waiter);
    this.#hungry.add(flow);
    return promise;
  }

  /** Who goes next (I2), of those who may have a seat more (I1). */
  #next(): { readonly flow: Flow; readonly waiter: Waiter } | undefined {
    let best: { readonly flow: Flow; readonly waiter: Waiter } | undefined;
    for (const flow of this.#hungry) {
      const [waiter] = flow.waiting;
      if (waiter === undefined || !this.#mayHave(flow, waiter.cost)) continue;
      if (best === undefined || Math.max(flow.given, this.#now) < Math.max(best.flow.given, this.#now)) {
        best = { flow, waiter };
      }
    }
    return best;
  }

  /** Seats whoever is next until there is no room: what is wide is waited for, or it would never come. */
  #serve(): void {
    while (this.#waiting > 0) {
      const next = this.#next();
      if (next === undefined || !this.#fits(next.flow, next.waiter.cost)) return;
      next.waiter.seat();
    }
  }
}
