// Owns the agents' door as a whole: listener, sessions, dispatch, shells, and their common end.
// I1: what the store says of who is connected is true within three heartbeats, and after a start. Where it says otherwise than a
//     session here - the agent came to another controller, or this one was taken for gone while it was stopped - the session ends.
// I2: close() answers the reports that were taken, then ends every session; nothing of the gateway runs after it.
// I3: drain() takes no new connection and asks agents to leave, spread over time where they have somewhere to go: a controller that
//     takes over a fleet needs it. Agents that do not know the word are ended by close(), as by any restart.
import { ApiError, type Reason, type Signed } from '@drover/api';
import { ProblemError } from '@drover/api/wire';
import { pause } from '../platform/pause.ts';
import type { Shell, ShellEvents, ShellRequest } from '../platform/shell.ts';
import type { AgentRow } from '../store/agent-store.ts';
import { ByteBudget } from './budget.ts';
import { type CallDeps, createCalls } from './calls.ts';
import { defaultSettings, type Gateway, type GatewayOptions, type GatewaySettings } from './deps.ts';
import { Dispatcher } from './dispatch.ts';
import { AgentHttp } from './http.ts';
import { Listener } from './listener.ts';
import type { Peer } from './peer.ts';
import { SessionRegistry } from './registry.ts';
import { AgentSession } from './session.ts';
import { ShellStreams } from './shells.ts';
import { toWireSigned } from './wire-task.ts';

const answerMs = 2_000;
/** I3: for each agent, and for all of them. */
const spreadMs = 5;
const longestSpreadMs = 5_000;
/** Beyond the spread: for the agents to hang up. */
const leaveMs = 500;
const lookMs = 10;

class AgentGateway implements Gateway {
  private readonly options: GatewayOptions;
  private readonly settings: GatewaySettings;
  private readonly registry = new SessionRegistry();
  private readonly budget: ByteBudget;
  private readonly dispatcher: Dispatcher;
  private readonly http: AgentHttp;
  private readonly listener: Listener;
  private readonly shells = new Map<AgentSession, ShellStreams>();
  private readonly callDeps: CallDeps;
  private readonly pulse: NodeJS.Timeout;
  private readonly unsubscribe: readonly (() => void)[];
  private readonly leaving = new Set<Promise<void>>();
  private boundPort = 0;

  constructor(options: GatewayOptions) {
    this.options = options;
    this.settings = { ...defaultSettings, ...options.settings };
    const { settings, registry } = this;
    this.budget = new ByteBudget(settings.unansweredBytes);
    this.dispatcher = new Dispatcher({ ...options, settings });
    const shells = (session: AgentSession) => this.shellsOf(session);
    this.callDeps = { ...options, settings, registry, dispatcher: this.dispatcher, shells };
    this.http = new AgentHttp({ ...options, registry });
    this.listener = new Listener({
      ...options,
      settings,
      onThrift: (socket, peer) => this.begin(socket, peer),
      onHttp: (socket, peer) => void this.http.accept(socket, peer),
    });
    const { credentials, agents } = options.store;
    this.unsubscribe = [
      credentials.onRevoke((serials) => registry.revoke(serials)),
      agents.onChange((node, row) => this.compare(node, row)),
    ];
    this.pulse = setInterval(() => this.beat(), settings.heartbeatSeconds * 1000);
  }

  get port(): number {
    return this.boundPort;
  }

  async listen(): Promise<void> {
    await this.options.store.agents.disconnectAll(this.options.clock.nowMs());
    this.boundPort = await this.listener.listen();
  }

  private begin(socket: ConstructorParameters<typeof AgentSession>[0]['socket'], peer: Peer): void {
    const session = new AgentSession({
      socket,
      peer,
      budget: this.budget,
      settings: this.settings,
      log: this.options.log,
      handlers: (own) => createCalls(this.callDeps, own),
      onReady: (own) => this.dispatcher.ready(own),
      onEnd: (own, reason) => this.ended(own, reason),
    });
    this.registry.track(session);
  }

  private shellsOf(session: AgentSession): ShellStreams {
    const known = this.shells.get(session);
    if (known) return known;
    const made = new ShellStreams(session.mux);
    this.shells.set(session, made);
    return made;
  }

  private ended(session: AgentSession, reason: string): void {
    const { node } = session.peer;
    this.registry.forget(session);
    this.dispatcher.ended(session);
    this.shells.get(session)?.end(`the connection to the node ended: ${reason}`);
    this.shells.delete(session);
    if (!this.registry.remove(session) || session.replaced) return;
    this.options.log.info({ node, reason }, 'agent disconnected');
    this.options.onEvent({ kind: 'disconnected', node, reason });
    const left = this.options.store.agents
      .disconnected(node, this.options.clock.nowMs())
      .catch((err) => this.options.log.error({ node, err }, 'cannot record that an agent disconnected'))
      .finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  /** I1. */
  private compare(node: string, row: AgentRow | undefined): void {
    const session = this.registry.get(node);
    const isSame = row?.connected === true && row.controller === (this.options.controller ?? '');
    if (isSame || row === undefined || session?.accepted !== true) return;
    session.close('the agent is known elsewhere, or was taken for gone');
  }

  private beat(): void {
    const nowMs = this.options.clock.nowMs();
    for (const session of [...this.registry.sessions()]) session.beat(nowMs);
  }

  private session(node: string, verb: string): AgentSession {
    const session = this.registry.get(node);
    if (session?.live) return session;
    throw new ApiError('ServiceUnavailable', `cannot ${verb} node ${node}: it is not connected`);
  }

  readonly openShell = async (request: ShellRequest, events: ShellEvents): Promise<Shell> => {
    const session = this.session(request.node, 'open a shell on');
    return toApi(`open a shell on node ${request.node}`, () => this.shellsOf(session).open(request, events));
  };

  async updateAgent(node: string, signed?: Signed): Promise<void> {
    const session = this.session(node, 'update the agent of');
    const file = this.options.agentRelease?.();
    if (!file)
      throw new ApiError('NotFound', `cannot update the agent of node ${node}: there is no agent file`);
    const { version, sha256, signature, bytes } = file;
    const release = {
      ...{ version, sha256, signature, sizeBytes: bytes.length },
      ...(signed === undefined ? {} : { signed: toWireSigned(signed) }),
    };
    await toApi(`update the agent of node ${node}`, () => session.mux.call('update', { release }));
  }

  async uninstallAgent(node: string): Promise<void> {
    const session = this.session(node, 'uninstall the agent of');
    await toApi(`uninstall the agent of node ${node}`, () => session.mux.call('uninstall', {}));
  }

  disconnect(node: string, reason: string): void {
    this.registry.get(node)?.close(reason);
  }

  refreshTls(): void {
    this.listener.refreshTls();
  }

  async close(): Promise<void> {
    clearInterval(this.pulse);
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    const closed = this.listener.close();
    this.dispatcher.close();
    await this.answerAll();
    this.registry.closeAll('the controller is stopping');
    await Promise.all(this.leaving);
    await closed;
  }

  /** Reports that are in memory are answered; agents would otherwise have to send them again. */
  private answerAll(): Promise<void> {
    return until(() => this.budget.used === 0, AbortSignal.timeout(answerMs));
  }

  left(): Readonly<Record<string, number>> {
    return { agents: this.registry.count() };
  }

  async drain(signal: AbortSignal): Promise<void> {
    void this.listener.close();
    const controllers = this.options.controllers?.() ?? [];
    const spread = Math.min(longestSpreadMs, spreadMs * this.registry.count());
    const withinMs = controllers.length > 1 ? spread : 0;
    for (const { mux } of this.registry.sessions()) mux.call('leave', { withinMs }).catch(() => undefined); // it has just gone by itself
    const gone = AbortSignal.any([signal, AbortSignal.timeout(withinMs + leaveMs)]);
    await until(() => this.registry.count() === 0, gone);
  }
}

const until = async (isSo: () => boolean, signal: AbortSignal): Promise<void> => {
  while (!isSo() && !signal.aborted) await pause(lookMs, signal);
};

const reasons: Readonly<Record<string, Reason>> = {
  'bad-request': 'BadRequest',
  unknown: 'NotFound',
  busy: 'TooManyRequests',
  refused: 'Forbidden',
};

/** Runs a call to an agent; what the agent refuses becomes an ApiError. */
const toApi = async <T>(verb: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const reason = reasons[error.code] ?? 'InternalError';
    throw new ApiError(reason, `cannot ${verb}: ${error.message}`, undefined, error);
  }
};

/** Listens, after recording that nobody is connected. Throws what listen says, e.g. EADDRINUSE. */
export const createGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const gateway = new AgentGateway(options);
  try {
    await gateway.listen();
  } catch (error) {
    await gateway.close();
    throw error;
  }
  return gateway;
};
