// Owns who may speak for a node: what happens between hello and welcome.
// I1: a certificate that is unknown, revoked or another node's is refused, and so is a second machine with the same
//     identity; the refusal is reported.
// I2: before the welcome is given, every task of the node agrees with what its agent knows (reconcile.ts).
// I3: a session takes over only after nothing of its predecessor can reach store or agent any more. One at another controller
//     can hand out nothing from the moment in which the agent is claimed here (store/sql/agents.ts), and hears of its end.
import { type Hello, ProblemError, type Welcome } from '@drover/api/wire';
import type { AgentRow } from '../store/agent-store.ts';
import type { GatewayOptions, GatewaySettings } from './deps.ts';
import type { Dispatcher } from './dispatch.ts';
import { parseFacts } from './facts.ts';
import { planReconcile, type ReconcilePlan } from './reconcile.ts';
import type { SessionRegistry } from './registry.ts';
import { loadTasks } from './rows.ts';
import type { AgentSession } from './session.ts';

export interface AdmissionDeps
  extends Pick<GatewayOptions, 'store' | 'controller' | 'clock' | 'log' | 'onEvent' | 'controllers'> {
  readonly settings: GatewaySettings;
  readonly registry: SessionRegistry;
  readonly dispatcher: Dispatcher;
}

/** Accepts the session or throws ProblemError refused; then the connection is to be closed. */
export const admit = async (deps: AdmissionDeps, session: AgentSession, hello: Hello): Promise<Welcome> => {
  const { node } = session.peer;
  await checkCertificate(deps, session);
  const recorded = await deps.store.agents.get(node);
  checkMachine(deps, session, hello, recorded);
  await takeOver(deps, session, hello);
  if (recorded !== undefined && recorded.controller !== (deps.controller ?? ''))
    await deps.store.agents.claim(node);
  const plan = await reconcile(deps, session, hello);
  checkOpen(session);
  await deps.store.agents.connected(toAgentRow(session, hello), deps.clock.nowMs());
  checkOpen(session);
  deps.dispatcher.cancelAfterWelcome(session, plan.cancel);
  session.accept();
  deps.log.info({ node, address: session.peer.address, version: hello.agentVersion }, 'agent connected');
  deps.onEvent({ kind: 'connected', node, address: session.peer.address });
  const { renewAtPercent } = deps.settings;
  const heartbeatSeconds = Math.ceil(deps.settings.heartbeatSeconds);
  const controllers = deps.controllers?.() ?? [];
  const serverTimeMs = deps.clock.nowMs();
  return { serverTimeMs, heartbeatSeconds, forget: plan.forget, renewAtPercent, controllers };
};

const checkOpen = (session: AgentSession): void => {
  if (session.closed) throw new ProblemError('refused', 'cannot connect: the session was ended meanwhile');
};

const refuse = (
  deps: AdmissionDeps,
  session: AgentSession,
  kind: 'refused' | 'clone-refused',
  reason: string,
): ProblemError => {
  const { node, address } = session.peer;
  deps.log.warn({ node, address, serial: session.serial, kind }, `cannot accept an agent: ${reason}`);
  deps.onEvent({ kind, node, address, reason });
  return new ProblemError('refused', `cannot connect as ${node}: ${reason}`);
};

const checkCertificate = async (deps: AdmissionDeps, session: AgentSession): Promise<void> => {
  const row = await deps.store.credentials.certificate(session.serial);
  if (!row || row.subject !== `node:${session.peer.node}`) {
    throw refuse(deps, session, 'refused', 'its certificate is not known here');
  }
  if (row.revokedAtMs !== 0) throw refuse(deps, session, 'refused', 'its certificate is revoked');
};

/** A node is the machine that it was when it was first seen, until it is deleted. */
const checkMachine = (
  deps: AdmissionDeps,
  session: AgentSession,
  hello: Hello,
  { machineId = '' }: Partial<AgentRow> = {},
): void => {
  if (machineId === '' || machineId === hello.machineId) return;
  throw refuse(
    deps,
    session,
    'clone-refused',
    'another machine is enrolled under this name; delete the node first if this machine replaces it',
  );
};

const takeOver = async (deps: AdmissionDeps, session: AgentSession, hello: Hello): Promise<void> => {
  const { registry, dispatcher } = deps;
  const { node } = session.peer;
  const { machineId, bootId, journalId, processId } = hello;
  for (let live = registry.get(node); live; live = registry.get(node)) {
    if (!isSameBoot(live, hello) && (await answers(live, deps.settings))) {
      throw refuse(deps, session, 'clone-refused', 'another machine with the same identity is connected');
    }
    if (registry.get(node) !== live) continue;
    live.replaced = true;
    live.close('the agent connected again');
  }
  checkOpen(session);
  session.identity = { machineId, bootId, journalId, processId };
  registry.set(session);
  await dispatcher.settled(node);
};

const isSameBoot = ({ identity }: AgentSession, hello: Hello): boolean =>
  identity?.machineId === hello.machineId && identity.bootId === hello.bootId;

const answers = (live: AgentSession, { clonePingMs }: GatewaySettings): Promise<boolean> =>
  live.mux.call('ping', {}, clonePingMs).then(
    () => true,
    () => false,
  );

const reconcile = async (
  deps: AdmissionDeps,
  session: AgentSession,
  hello: Hello,
): Promise<ReconcilePlan> => {
  const { tasks } = deps.store;
  const { node } = session.peer;
  const live = await tasks.list({ node, states: ['sent', 'running'] });
  const ids = new Set(live.map((row) => row.id));
  const known = new Set(hello.tasks.map((task) => task.taskId));
  const unclear = [...known].filter((id) => !ids.has(id));
  const others = await loadTasks(tasks, unclear);
  const plan = planReconcile(hello, live, others, deps.clock.nowMs());
  if (plan.lost.length > 0) {
    deps.log.warn(
      { node, tasks: plan.lost.map((task) => task.id) },
      'tasks are lost: the agent does not know them',
    );
    await tasks.finish(plan.lost, ['sent', 'running']);
  }
  if (plan.requeue.length > 0) await tasks.requeue(plan.requeue, deps.clock.nowMs());
  deps.dispatcher.adopt(
    session,
    live.filter((row) => known.has(row.id)),
  );
  return plan;
};

const toAgentRow = (
  session: AgentSession,
  hello: Hello,
): Omit<AgentRow, 'connected' | 'sinceMs' | 'heartbeat' | 'controller'> => ({
  node: session.peer.node,
  serial: session.serial,
  machineId: hello.machineId,
  bootId: hello.bootId,
  journalId: hello.journalId,
  agentVersion: hello.agentVersion,
  agentSha256: hello.agentSha256,
  pythonVersion: hello.pythonVersion,
  facts: parseFacts(hello.facts) ?? {},
});
