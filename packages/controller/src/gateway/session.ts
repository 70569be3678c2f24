// Owns one agent's connection: bytes in, frames, calls both ways, and its end.
// I1: it ends once, for one reason, and with it every pending call, granted byte and timer.
// I2: what the agent sends is bounded: large frames wait for the budget, a frame must be complete within three beats,
//     an agent that does not read its answers is cut.
// I3: the bytes of a call are good until it is answered. Then, and as soon as they are copied, large ones are given back:
//     left to the collector, the output of a fleet starts it several times a second.
import type { TLSSocket } from 'node:tls';
import {
  type ControllerService,
  createMux,
  FrameSplitter,
  type Hello,
  type Mux,
  WireError,
} from '@drover/api/wire';
import type { Log } from '../platform/log.ts';
import type { ByteBudget } from './budget.ts';
import type { GatewaySettings } from './deps.ts';
import type { Peer } from './peer.ts';

/** Frames up to this length need no grant: calls, heartbeats and acknowledgements always pass. */
const smallFrameBytes = 64 * 1024;
const greetingBytes = 4 * 1024 * 1024;
const unreadBytes = 40 * 1024 * 1024;
const missedBeats = 3;

/** I3. Afterwards the bytes are gone for everybody. Views of a shared pool are left alone. */
const giveBack = ({ buffer, byteLength }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
};

export type AgentIdentity = Pick<Hello, 'machineId' | 'bootId' | 'journalId' | 'processId'>;

export interface SessionOptions {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  readonly budget: ByteBudget;
  readonly settings: GatewaySettings;
  readonly log: Log;
  readonly handlers: (session: AgentSession) => ControllerService;
  /** Called once hello has been answered with a welcome. */
  readonly onReady: (session: AgentSession) => void;
  readonly onEnd: (session: AgentSession, reason: string) => void;
}

export class AgentSession {
  readonly peer: Peer;
  readonly mux: Mux<'Agent'>;
  /** The certificate shown and those issued since: revoking any of them ends the session. */
  readonly serials: Set<string>;
  serial: string;
  notAfterMs: number;
  /** Known once hello has been accepted. */
  identity: AgentIdentity | undefined;
  /** Another session of the same node took over. */
  replaced = false;

  private readonly options: SessionOptions;
  private readonly splitter: FrameSplitter;
  private readonly greeting: NodeJS.Timeout;
  private granted = 0;
  private withdraw: (() => void) | undefined;
  private unanswered = 0;
  private refusal: string | undefined;
  private isAccepted = false;
  private isReady = false;
  private endReason: string | undefined;
  private silentBeats = 0;
  private openFrameBeats = 0;
  private paused = false;
  private spoiled: string | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.peer = options.peer;
    this.serial = options.peer.serial;
    this.serials = new Set([this.serial]);
    this.notAfterMs = options.peer.notAfterMs;
    this.splitter = new FrameSplitter((frame, owned) => this.take(frame, owned));
    this.mux = createMux({
      local: 'Controller',
      remote: 'Agent',
      handlers: options.handlers(this),
      send: (frame) => this.send(frame),
      timeoutMs: options.settings.callTimeoutMs,
      onError: (method, err) =>
        options.log.error({ node: this.peer.node, method, err }, 'cannot answer an agent'),
    });
    this.greeting = setTimeout(() => this.close('it did not say hello'), options.settings.handshakeTimeoutMs);
    this.listen();
  }

  get closed(): boolean {
    return this.endReason !== undefined;
  }

  /** It speaks for its node, as the store says. */
  get accepted(): boolean {
    return this.isAccepted && !this.closed;
  }

  /** Accepted, welcomed and not ended: work may be sent. */
  get live(): boolean {
    return this.isReady && !this.closed;
  }

  private listen(): void {
    const { socket } = this.options;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk: Uint8Array) => this.receive(chunk));
    socket.on('end', () => this.close('the agent closed the connection'));
    socket.on('error', (error) => this.close(`connection failed: ${error.message}`));
    socket.on('close', () => this.close('connection closed'));
    socket.resume();
  }

  private receive(chunk: Uint8Array): void {
    if (this.closed) return;
    this.silentBeats = 0;
    try {
      if (!this.splitter.push(chunk)) giveBack(chunk);
      this.bound();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.options.log.warn(
        { node: this.peer.node, code: error.code, err: error },
        'cannot read from an agent',
      );
      this.close(`protocol violated: ${error.message}`);
    }
  }

  /** Before more is read: does the frame under way, and what is unanswered, fit into memory? (budget.ts I1) */
  private bound(): void {
    const { wantedBytes } = this.splitter;
    if (!this.isReady && wantedBytes > greetingBytes) {
      throw new WireError('frame-too-large', `cannot take ${wantedBytes} bytes before hello`);
    }
    if (this.granted > 0 || this.paused) return;
    const bytes = wantedBytes > smallFrameBytes ? wantedBytes : 0;
    if (bytes === 0 && this.unanswered === 0) return;
    this.withdraw = this.options.budget.acquire(bytes, () => {
      this.granted = bytes;
      this.pause(false);
    });
    if (this.withdraw) this.pause(true);
    else this.granted = bytes;
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    if (paused) this.options.socket.pause();
    else {
      this.withdraw = undefined;
      this.options.socket.resume();
    }
  }

  private take(frame: Uint8Array, owned: boolean): void {
    if (this.closed) return;
    const { budget } = this.options;
    const held = this.granted > 0 ? this.granted : frame.length;
    if (this.granted === 0) budget.take(held);
    this.granted = 0;
    this.openFrameBeats = 0;
    this.unanswered += held;
    const answered = () => {
      this.unanswered -= held;
      budget.give(held);
    };
    try {
      const work = this.mux.receive(frame);
      if (work === undefined) answered();
      else
        void work.finally(answered).then(() => {
          if (owned) giveBack(frame);
          this.afterAnswer();
        });
    } catch (error) {
      answered();
      throw error;
    }
  }

  private afterAnswer(): void {
    if (this.refusal !== undefined) this.close(this.refusal);
    else if (this.isAccepted && !this.isReady && !this.closed) {
      clearTimeout(this.greeting);
      this.isReady = true;
      this.options.onReady(this);
    }
  }

  private send(frame: Uint8Array): void {
    const { socket } = this.options;
    if (this.closed || socket.destroyed) return;
    socket.write(frame);
    if (socket.writableLength > unreadBytes) this.close('the agent does not read what it is sent');
  }

  /** The agent has got a new certificate; the session goes on under it. */
  renewed(serial: string, notAfterMs: number): void {
    this.serial = serial;
    this.serials.add(serial);
    this.notAfterMs = notAfterMs;
  }

  /** Hello is accepted: once it has been answered, the session is live. */
  accept(): void {
    this.isAccepted = true;
  }

  /** Ends the session as soon as the refusal now being answered has been written. */
  refuse(reason: string): void {
    this.refusal = reason;
  }

  /** The session is of no more use and ends at the next beat: not at once, or the agent would be back at once. */
  spoil(reason: string): void {
    this.spoiled ??= reason;
  }

  /** Called once per heartbeat interval. */
  beat(nowMs: number): void {
    if (!this.paused) {
      this.silentBeats += 1;
      this.openFrameBeats = this.splitter.inFrame ? this.openFrameBeats + 1 : 0;
    }
    if (this.spoiled !== undefined) this.close(this.spoiled);
    else if (this.notAfterMs <= nowMs) this.close('its certificate has expired');
    else if (this.silentBeats > missedBeats) this.close(`no sign of life for ${missedBeats} heartbeats`);
    else if (this.openFrameBeats > missedBeats) this.close('a message was not completed in time');
  }

  /** Ends the session; what has been written is still flushed, within a second. */
  close(reason: string): void {
    if (this.closed) return;
    this.endReason = reason;
    clearTimeout(this.greeting);
    this.withdraw?.();
    this.options.budget.give(this.granted);
    this.granted = 0;
    this.mux.close(`node ${this.peer.node} is not connected: ${reason}`);
    this.hangUp();
    this.options.onEnd(this, reason);
  }

  private hangUp(): void {
    const { socket } = this.options;
    if (socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), 1_000);
    socket.once('close', () => clearTimeout(timer));
    socket.resume();
    socket.end(() => socket.destroy());
  }
}
