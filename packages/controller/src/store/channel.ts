// Owns the way between the main thread and one store thread: calls go and come in batches.
// I1: while a batch is under way calls gather, so the next transaction carries all of them (group commit).
// I2: at most two batches are under way, so that the thread never waits for the main thread.
// I3: listeners hear of a batch before any of its calls is answered.
import type { Worker } from 'node:worker_threads';
import { ApiError, type AuditEntry } from '@drover/api';
import type { Call, Failure, Outcome, Reply } from './sql/batch.ts';
import type { Others } from './sql/context.ts';
import type { Answer, Request, WorkerOptions } from './sql/worker.ts';
import { takeThread } from './thread.ts';

type Operations = Readonly<Record<string, (context: never, argument: never) => unknown>>;
type Argument<O extends Operations, K extends keyof O> = Parameters<O[K]>[1];
type Result<O extends Operations, K extends keyof O> = Awaited<ReturnType<O[K]>>;

interface Waiting {
  readonly call: Call;
  readonly moved: ArrayBuffer | undefined;
  readonly onCommitted: ((value: unknown) => void) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface CallOptions<R> {
  /** Moved to the thread; unusable afterwards. */
  readonly moved?: ArrayBuffer;
  /** Runs after the commit, before the listeners and before the promise settles. */
  readonly onCommitted?: (value: R) => void;
  /** What the call changes is put into the audit trail with it. */
  readonly audit?: AuditEntry;
}

export interface Channel<O extends Operations> {
  call<K extends keyof O & string>(
    operation: K,
    argument: Argument<O, K>,
    options?: CallOptions<Result<O, K>>,
  ): Promise<Result<O, K>>;
  /** Answers everything that was called, then ends the thread. */
  close(): Promise<void>;
}

/** Where threads come from, and what becomes of one that has closed its data directory. */
export interface ThreadSource {
  readonly take: () => Worker;
  readonly release: (thread: Worker) => void;
}

export interface ChannelOptions {
  readonly worker: WorkerOptions;
  /** A thread of its own, ended afterwards, unless given. */
  readonly source?: ThreadSource | undefined;
  /** The thread loads its code at once, and touches the data only after this. */
  readonly after?: Promise<unknown>;
  /** What others have committed before a batch, before anything is told of the batch. */
  readonly onOthers?: (others: Others) => void;
  /** After each batch, in commit order. */
  readonly onReply: (reply: Reply) => void;
  /** The thread died; every further call is refused. */
  readonly onDeath: (error: unknown) => void;
}

const maxUnderWay = 2;
const maxBatchCalls = 1024;
const maxBatchBytes = 8 * 1024 * 1024;

const toError = (failure: Failure): ApiError =>
  new ApiError(failure.reason, failure.message, failure.details);

const closedError = (): ApiError =>
  new ApiError('ServiceUnavailable', 'cannot use the store: it is closed; the controller is stopping');

const settle = (waiting: Waiting, outcome: Outcome | undefined): void => {
  if (outcome === undefined) waiting.reject(closedError());
  else if ('failure' in outcome) waiting.reject(toError(outcome.failure));
  else waiting.resolve(outcome.value);
};

const ownThread: ThreadSource = {
  take: takeThread,
  release: (thread) => thread.postMessage('end' satisfies Request),
};

class WorkerChannel {
  readonly #worker: Worker;
  readonly #options: ChannelOptions;
  readonly #queue: Waiting[] = [];
  readonly #underWay: (readonly Waiting[])[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #scheduled = false;
  /** Others have written, and nothing that was sent since would bring it. */
  #mustLook = false;
  #state: 'open' | 'closing' | 'ended' = 'open';

  constructor(worker: Worker, source: ThreadSource, options: ChannelOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.on('message', (answer: Answer) => {
      if (answer.kind === 'reply') this.#onReply(answer.reply);
      if (answer.kind === 'others') this.#look();
      if (answer.kind === 'closed') {
        this.#end();
        // By name: without its own listeners for others a thread is not heard again.
        for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
        source.release(worker);
      }
    });
    worker.on('error', (error) => {
      options.onDeath(error);
      this.#end();
    });
    worker.on('exit', () => this.#end());
  }

  call(operation: string, argument: unknown, options: CallOptions<never> = {}): Promise<unknown> {
    if (this.#state !== 'open') return Promise.reject(closedError());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onCommitted = options.onCommitted as ((value: unknown) => void) | undefined;
    const call: Call = options.audit ? [operation, argument, options.audit] : [operation, argument];
    this.#queue.push({ call, moved: options.moved, onCommitted, resolve, reject });
    this.#schedule();
    return promise;
  }

  close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing';
      this.#send();
    }
    return this.#ended.promise;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // What else this turn of the event loop has to call goes along: each message and each transaction has its price.
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #look(): void {
    this.#mustLook = true;
    if (this.#state === 'open') this.#schedule();
  }

  #send(): void {
    // While it closes nobody looks any more: at a database that is gone that would go on for ever.
    const mustLook = this.#mustLook && this.#state === 'open';
    if (mustLook && this.#underWay.length === 0 && this.#queue.length === 0) this.#post([]);
    while (this.#queue.length > 0 && this.#underWay.length < maxUnderWay) {
      this.#post(this.#take());
    }
    const idle = this.#queue.length === 0 && this.#underWay.length === 0;
    if (this.#state === 'closing' && idle) this.#worker.postMessage('close' satisfies Request);
  }

  #post(batch: readonly Waiting[]): void {
    this.#mustLook = false;
    const moved = batch.flatMap((waiting) => (waiting.moved ? [waiting.moved] : []));
    try {
      this.#worker.postMessage(
        batch.map((waiting) => waiting.call),
        moved,
      );
      this.#underWay.push(batch);
    } catch (error) {
      // An argument that cannot be copied: a mistake of a caller, who is told.
      for (const waiting of batch) waiting.reject(error);
    }
  }

  #take(): readonly Waiting[] {
    let sizeBytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      sizeBytes += waiting.moved?.byteLength ?? 0;
      if (count === maxBatchCalls || (count > 0 && sizeBytes > maxBatchBytes)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #onReply(reply: Reply): void {
    const batch = this.#underWay.shift() ?? [];
    if (reply.others !== undefined) this.#options.onOthers?.(reply.others);
    batch.forEach((waiting, index) => {
      const outcome = reply.outcomes[index];
      if (outcome !== undefined && 'value' in outcome) waiting.onCommitted?.(outcome.value);
    });
    this.#options.onReply(reply);
    batch.forEach((waiting, index) => {
      settle(waiting, reply.outcomes[index]);
    });
    this.#send();
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    for (const waiting of [...this.#underWay.flat(), ...this.#queue]) settle(waiting, undefined);
    this.#underWay.length = 0;
    this.#queue.length = 0;
    this.#ended.resolve();
  }
}

const firstAnswer = (worker: Worker): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  worker.once('message', resolve);
  worker.once('error', reject);
  // Awaited only once the thread was told to open: it may die before.
  promise.catch(() => undefined);
  return promise;
};

/** Starts a thread on the data directory. Throws what the thread refused with, or what `after` did. */
export const openChannel = async <O extends Operations>(options: ChannelOptions): Promise<Channel<O>> => {
  const source = options.source ?? ownThread;
  const worker = source.take();
  const answered = firstAnswer(worker);
  try {
    await options.after;
    worker.postMessage(options.worker satisfies Request);
    const answer = await answered;
    if (answer.kind === 'refused') throw toError(answer.failure);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  // The thread runs exactly the operations of type O (sql/operations.ts).
  return new WorkerChannel(worker, source, options) as unknown as Channel<O>;
};
