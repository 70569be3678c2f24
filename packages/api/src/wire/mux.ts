// Owns calls in both directions on one connection.
// I1: every call is settled: by its answer, its timeout, or the end of the connection.
// I2: every CALL from the peer is answered exactly once; at most `inboundCalls` are at work, more are refused as busy.
// I3: malformed bytes are thrown from receive() as WireError; the owner then closes the connection.
import { ApiError } from '../errors.ts';
import type { Services } from './agent.gen.ts';
import {
  failureKinds,
  isOneway,
  type MessageHead,
  messageTypes,
  ProblemError,
  parseArgs,
  parseHead,
  parseResult,
  type ServiceName,
  toCall,
  toFailure,
  toRefusal,
  toReply,
} from './messages.ts';

export interface MuxOptions<L extends ServiceName, R extends ServiceName> {
  /** Which service this side offers, and which the peer does. */
  readonly local: L;
  readonly remote: R;
  readonly handlers: Services[L];
  /** Takes one whole frame, header included, in order. */
  readonly send: (frame: Uint8Array) => void;
  /** Default time a call may take. */
  readonly timeoutMs: number;
  /** Calls of the peer at work at a time; default 256. */
  readonly inboundCalls?: number;
  /** Told of an error in a handler that is no refusal; the peer gets code internal. */
  readonly onError: (method: string, error: unknown) => void;
}

type Args<S, M extends keyof S> = S[M] extends (args: infer A) => Promise<unknown> ? A : never;
type Result<S, M extends keyof S> = S[M] extends (args: never) => Promise<infer R> ? R : never;

export interface Mux<R extends ServiceName> {
  /**
   * Calls the peer. Throws ProblemError (refused), ApiError Timeout, ApiError ServiceUnavailable (connection gone),
   * WireError (does not fit the wire). A oneway call resolves once it has been handed to `send`.
   */
  call<M extends keyof Services[R] & string>(
    method: M,
    args: Args<Services[R], M>,
    timeoutMs?: number,
  ): Promise<Result<Services[R], M>>;
  /** Takes one frame without its header. Resolves (undefined: at once) when what it asked for has been answered. */
  receive(frame: Uint8Array): Promise<void> | undefined;
  /** Rejects all pending calls; later ones are rejected at once. */
  close(reason: string): void;
  /** Own calls not answered yet. */
  readonly pending: number;
}

interface Pending {
  readonly method: string;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Handlers = Readonly<Record<string, (args: Record<string, unknown>) => Promise<unknown>>>;

class MuxState<L extends ServiceName, R extends ServiceName> implements Mux<R> {
  private readonly options: MuxOptions<L, R>;
  private readonly calls = new Map<number, Pending>();
  private seqid = 0;
  private inbound = 0;
  private closed: string | undefined;

  constructor(options: MuxOptions<L, R>) {
    this.options = options;
  }

  get pending(): number {
    return this.calls.size;
  }

  call<M extends keyof Services[R] & string>(
    method: M,
    args: Args<Services[R], M>,
    timeoutMs = this.options.timeoutMs,
  ): Promise<Result<Services[R], M>> {
    // The tables that decode the answer are generated from the same contract as its type.
    return this.send(method, args as Readonly<Record<string, unknown>>, timeoutMs) as Promise<
      Result<Services[R], M>
    >;
  }

  private async send(
    method: string,
    args: Readonly<Record<string, unknown>>,
    timeoutMs: number,
  ): Promise<unknown> {
    if (this.closed !== undefined) throw unavailable(method, this.closed);
    const seqid = this.nextSeqid();
    const frame = toCall(this.options.remote, method, seqid, args);
    if (isOneway(this.options.remote, method)) {
      this.options.send(frame);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.expire(seqid, timeoutMs), timeoutMs);
      this.calls.set(seqid, { method, timer, resolve, reject });
      this.options.send(frame);
    });
  }

  private nextSeqid(): number {
    do this.seqid = (this.seqid + 1) & 0x7fffffff;
    while (this.calls.has(this.seqid));
    return this.seqid;
  }

  private expire(seqid: number, timeoutMs: number): void {
    const call = this.calls.get(seqid);
    this.calls.delete(seqid);
    call?.reject(new ApiError('Timeout', `cannot call ${call.method}: no answer in ${timeoutMs} ms`));
  }

  receive(frame: Uint8Array): Promise<void> | undefined {
    if (this.closed !== undefined) return undefined;
    const head = parseHead(frame);
    switch (head.type) {
      case messageTypes.reply:
      case messageTypes.exception:
        this.settle(head);
        return undefined;
      case messageTypes.call:
      case messageTypes.oneway:
        return this.handle(head);
      default:
        this.options.send(toFailure(head.name, head.seqid, failureKinds.protocol, 'unknown message type'));
        return undefined;
    }
  }

  /** Answers that come after the timeout find nobody waiting: they are dropped. */
  private settle(head: MessageHead): void {
    const call = this.calls.get(head.seqid);
    if (!call) return;
    this.calls.delete(head.seqid);
    clearTimeout(call.timer);
    try {
      call.resolve(parseResult(this.options.remote, call.method, head));
    } catch (error) {
      call.reject(error);
      if (!(error instanceof ProblemError)) throw error;
    }
  }

  private handle(head: MessageHead): Promise<void> | undefined {
    const { local, send } = this.options;
    const args = parseArgs(local, head);
    if (args === undefined) {
      const text = `no such method: ${local}.${head.name}`;
      if (head.type === messageTypes.call)
        send(toFailure(head.name, head.seqid, failureKinds.unknownMethod, text));
      return undefined;
    }
    if (this.inbound >= (this.options.inboundCalls ?? 256)) {
      if (head.type === messageTypes.call)
        this.refuse(head, new ProblemError('busy', 'too many calls at a time'));
      return undefined;
    }
    return this.work(head, args);
  }

  private async work(head: MessageHead, args: Record<string, unknown>): Promise<void> {
    this.inbound += 1;
    try {
      // The tables and the type of the handlers are generated from the same contract.
      const handlers = this.options.handlers as unknown as Handlers;
      const result = await handlers[head.name]?.(args);
      if (head.type === messageTypes.call)
        this.answer(toReply(this.options.local, head.name, head.seqid, result));
    } catch (error) {
      if (!(error instanceof ProblemError)) this.options.onError(head.name, error);
      if (head.type === messageTypes.call) this.refuse(head, error);
    } finally {
      this.inbound -= 1;
    }
  }

  private refuse({ name, seqid }: MessageHead, error: unknown): void {
    const problem =
      error instanceof ProblemError
        ? { code: error.code, text: error.message }
        : { code: 'internal', text: 'internal error (see the log of the other side)' };
    this.answer(toRefusal(this.options.local, name, seqid, problem));
  }

  private answer(frame: Uint8Array): void {
    if (this.closed === undefined) this.options.send(frame);
  }

  close(reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    for (const call of this.calls.values()) {
      clearTimeout(call.timer);
      call.reject(unavailable(call.method, reason));
    }
    this.calls.clear();
  }
}

const unavailable = (method: string, reason: string): ApiError =>
  new ApiError('ServiceUnavailable', `cannot call ${method}: ${reason}`);

export const createMux = <L extends ServiceName, R extends ServiceName>(options: MuxOptions<L, R>): Mux<R> =>
  new MuxState(options);
