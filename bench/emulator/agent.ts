// Owns one emulated agent: the real wire over real TLS, a journal in memory, and commands that are not run.
// I1: like the real agent, it keeps a result until the controller has answered for it, starts a known task only once,
//     and has at most 1 MiB of output unanswered.
import { randomUUID } from 'node:crypto';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import {
  type AgentService,
  createMux,
  FrameSplitter,
  type Hello,
  type Mux,
  type Task,
  type TaskResult,
  type Welcome,
} from '@drover/api/wire';
import { ReportQueue, type Reports } from './reports.ts';

export interface Identity {
  readonly name: string;
  readonly keyPem: string;
  readonly certPem: string;
}

export interface Behaviour {
  /** How long a command seems to run. */
  readonly delayMs: number;
  /** What it seems to write to stdout. */
  readonly outputBytes: number;
  readonly exitCode: number;
  /** Reconnect after a random time up to this, doubling with each failure up to maxReconnectMs. */
  readonly reconnectMs: number;
  readonly maxReconnectMs: number;
}

export const defaultBehaviour: Behaviour = {
  delayMs: 0,
  outputBytes: 0,
  exitCode: 0,
  reconnectMs: 1_000,
  maxReconnectMs: 5_000,
};

export interface AgentOptions {
  readonly host: string;
  readonly port: number;
  /** Ports of other controllers: each time a connection ends it is the next one's turn, as with the real agent. */
  readonly otherPorts?: readonly number[] | undefined;
  readonly caPem: string;
  readonly identity: Identity;
  readonly behaviour: Behaviour;
  /** Replaces parts of hello, e.g. the machine id of a clone. */
  readonly hello?: Partial<Hello>;
  /** Replaces answers to the controller's calls. */
  readonly handlers?: Partial<AgentService>;
  /** false: a connection that ends stays ended. */
  readonly reconnect?: boolean;
  readonly onState?: (agent: EmulatedAgent) => void;
}

interface KnownTask {
  state: 'accepted' | 'running' | 'finished';
  readonly timer: NodeJS.Timeout | undefined;
  readonly startedAtMs: number;
}

const outputPiece = 32 * 1024;

export class EmulatedAgent {
  readonly name: string;
  welcome: Welcome | undefined;
  /** Why the last connection or hello failed. */
  lastError: string | undefined;
  /** From the end of the last session to the welcome of this one; undefined in the first. */
  awayMs: number | undefined;
  /** How often each task was really started. */
  readonly starts = new Map<string, number>();
  readonly tasks = new Map<string, KnownTask>();
  mux: Mux<'Controller'> | undefined;

  private readonly options: AgentOptions;
  private readonly secureContext: SecureContext;
  private readonly identity: Hello;
  private readonly reports: ReportQueue;
  private socket: TLSSocket | undefined;
  private beat: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private failures = 0;
  private turn = 0;
  private lostAtMs: number | undefined;
  private stopped = false;

  constructor(options: AgentOptions) {
    this.options = options;
    this.name = options.identity.name;
    const { keyPem: key, certPem: cert } = options.identity;
    this.secureContext = createSecureContext({ key, cert, ca: options.caPem, minVersion: 'TLSv1.2' });
    this.identity = { ...emulatedHello(this.name), ...options.hello };
    this.reports = new ReportQueue((reports) => this.report(reports));
  }

  get connected(): boolean {
    return this.welcome !== undefined;
  }

  connect(): void {
    const { host, port: first, otherPorts = [] } = this.options;
    const ports = [first, ...otherPorts];
    const port = ports[this.turn % ports.length] ?? first;
    const socket = connect({ host, port, secureContext: this.secureContext, rejectUnauthorized: true });
    this.socket = socket;
    socket.setNoDelay(true);
    socket.once('secureConnect', () => this.greet(socket));
    socket.on('error', (error) => {
      this.lastError = error.message;
    });
    socket.once('close', () => this.lost(socket));
  }

  private greet(socket: TLSSocket): void {
    const mux = createMux({
      local: 'Agent',
      remote: 'Controller',
      handlers: { ...this.handlers(), ...this.options.handlers },
      send: (frame) => void socket.write(frame),
      timeoutMs: 60_000,
      onError: (method, error) => {
        this.lastError = `${method}: ${error}`;
      },
    });
    const splitter = new FrameSplitter((frame) => void mux.receive(frame));
    socket.on('data', (chunk: Uint8Array) => splitter.push(chunk));
    this.mux = mux;
    const tasks = [...this.tasks].map(([taskId, { state }]) => ({ taskId, state }));
    mux.call('hello', { hello: { ...this.identity, tasks } }).then(
      (welcome) => this.welcomed(welcome),
      (error: Error) => {
        this.lastError = error.message;
        socket.destroy();
      },
    );
  }

  private welcomed(welcome: Welcome): void {
    this.failures = 0;
    this.welcome = welcome;
    this.awayMs = this.lostAtMs === undefined ? undefined : performance.now() - this.lostAtMs;
    for (const id of welcome.forget) this.tasks.delete(id);
    const everyMs = welcome.heartbeatSeconds * 1000;
    this.beat = setTimeout(() => this.heartbeat(everyMs), Math.random() * everyMs);
    this.reports.flush();
    this.options.onState?.(this);
  }

  private heartbeat(everyMs: number): void {
    this.beat = setTimeout(() => this.heartbeat(everyMs), everyMs);
    this.mux
      ?.call('heartbeat', { heartbeat: { ...idleHeartbeat, timeMs: Date.now() } })
      .catch(() => undefined);
  }

  private lost(socket: TLSSocket): void {
    if (this.socket !== socket) return;
    clearTimeout(this.beat);
    this.mux?.close('connection closed');
    this.mux = undefined;
    const wasConnected = this.connected;
    this.welcome = undefined;
    if (wasConnected) {
      this.lostAtMs = performance.now();
      this.options.onState?.(this);
    }
    this.turn += 1;
    if (this.stopped || this.options.reconnect === false) return;
    const { reconnectMs, maxReconnectMs } = this.options.behaviour;
    const ceiling = Math.min(maxReconnectMs, reconnectMs * 2 ** Math.min(this.failures++, 10));
    this.retry = setTimeout(() => this.connect(), Math.random() * ceiling);
  }

  private handlers(): AgentService {
    const nothing = async (): Promise<void> => undefined;
    return {
      start: async ({ tasks }) => {
        for (const task of tasks) this.start(task);
      },
      cancel: async ({ taskIds }) => {
        for (const id of taskIds) this.cancel(id);
      },
      openShell: nothing,
      shellInput: nothing,
      resizeShell: nothing,
      closeShell: nothing,
      update: nothing,
      uninstall: nothing,
      // As an agent that does not know the word: it is cut off.
      leave: nothing,
      ping: nothing,
    };
  }

  private start({ id, command }: Task): void {
    if (this.tasks.has(id)) return;
    this.starts.set(id, (this.starts.get(id) ?? 0) + 1);
    const delayMs = sleepMs(command?.argv) ?? this.options.behaviour.delayMs;
    const startedAtMs = Date.now();
    const timer = delayMs > 0 ? setTimeout(() => this.finish(id, 'exited'), delayMs) : undefined;
    this.tasks.set(id, { state: 'running', timer, startedAtMs });
    this.reports.add({ started: [{ taskId: id, timeMs: startedAtMs }] });
    if (!timer) this.finish(id, 'exited');
  }

  private cancel(id: string): void {
    const task = this.tasks.get(id);
    if (!task || task.state === 'finished') return;
    clearTimeout(task.timer);
    this.finish(id, 'cancelled');
  }

  private finish(taskId: string, outcome: 'exited' | 'cancelled'): void {
    const task = this.tasks.get(taskId);
    if (!task) return;
    task.state = 'finished';
    const { outputBytes, exitCode } = this.options.behaviour;
    const written = outcome === 'exited' ? outputBytes : 0;
    for (let offset = 0; offset < written; offset += outputPiece) {
      const data = new Uint8Array(Math.min(outputPiece, written - offset)).fill(120);
      this.reports.add({ output: [{ taskId, stream: 1, offset, timeMs: Date.now(), data }] });
    }
    const times = { startedAtMs: task.startedAtMs, finishedAtMs: Date.now() };
    const figures = { stdoutBytes: written, exitCode: outcome === 'exited' ? exitCode : -1 };
    this.reports.add({ results: [{ ...emptyResult, taskId, outcome, ...times, ...figures }] });
  }

  /** One report at a time; false when it must be sent again. */
  private async report(reports: Reports): Promise<boolean> {
    if (!this.mux || !this.connected) return false;
    try {
      await this.mux.call('report', reports);
    } catch {
      return false;
    }
    for (const { taskId } of reports.results) this.tasks.delete(taskId);
    return true;
  }

  /** Ends the connection as a cut cable would; it comes back as behaviour says. */
  cut(): void {
    this.socket?.destroy();
  }

  /** Stops for good. */
  close(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    clearTimeout(this.beat);
    for (const { timer } of this.tasks.values()) clearTimeout(timer);
    this.mux?.close('stopped');
    this.socket?.destroy();
  }
}

/** `sleep SECONDS` seems to take that long, whatever the behaviour. */
const sleepMs = (argv: readonly string[] = []): number | undefined =>
  argv[0] === 'sleep' && argv.length === 2 ? Number(argv[1]) * 1000 : undefined;

const emulatedHello = (name: string): Hello => ({
  agentVersion: 'emulated',
  agentSha256: '',
  pythonVersion: '',
  machineId: `emulated-${name}`,
  bootId: randomUUID(),
  journalId: randomUUID(),
  processId: randomUUID(),
  tasks: [],
  facts: JSON.stringify({ hostname: name, emulated: true }),
});

const idleHeartbeat = {
  load1: 0,
  memoryTotalKib: 1_048_576,
  memoryAvailableKib: 1_000_000,
  cpuBusyPermille: 0,
  diskFreeKib: 1_000_000,
  uptimeSeconds: 1,
  runningTasks: 0,
};

const emptyResult: TaskResult = {
  taskId: '',
  outcome: '',
  exitCode: 0,
  signal: 0,
  reason: '',
  startedAtMs: 0,
  finishedAtMs: 0,
  userMs: 0,
  systemMs: 0,
  maxRssKib: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  stdoutDropped: 0,
  stderrDropped: 0,
  survivors: 0,
  detail: '',
};
