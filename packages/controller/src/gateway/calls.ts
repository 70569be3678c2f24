// Owns what agents may call: the Controller service of agent.thrift, for one session.
// I1: nothing but hello is answered before the session is accepted; that somebody is here, always.
// I2: an answer means durable (store.ts I1).
// I3: reports are stored in the order in which they came, and after one that could not be stored none is: an agent
//     sends output without gaps, and what is missing in the middle of a stream could never be told from what is there.
// I4: while the disk cannot be written a report waits, unanswered: the agent keeps what is in it, and sends no more than may
//     be under way. Its session lives on by heartbeats.
import { ApiError } from '@drover/api';
import { type ControllerService, ProblemError } from '@drover/api/wire';
import { isDiskRefusal } from '../platform/disk-refusal.ts';
import { type AdmissionDeps, admit } from './admission.ts';
import type { GatewayOptions } from './deps.ts';
import { parseFacts } from './facts.ts';
import { withoutNul } from './nul.ts';
import { parseIssued } from './peer.ts';
import { reportedTasks, toStoreReport } from './report.ts';
import { loadTasks } from './rows.ts';
import type { AgentSession } from './session.ts';
import type { ShellStreams } from './shells.ts';

export interface CallDeps extends AdmissionDeps, Pick<GatewayOptions, 'renew'> {
  readonly shells: (session: AgentSession) => ShellStreams;
}

export const createCalls = (deps: CallDeps, session: AgentSession): ControllerService => {
  const { node } = session.peer;
  let greeted = false;
  let reported: Promise<void> = Promise.resolve();
  /** Wraps a call that only an accepted session may make. */
  const accepted =
    <A, R>(call: (args: A) => Promise<R>) =>
    async (args: A): Promise<R> => {
      if (!session.live)
        throw new ProblemError('refused', 'cannot take this call: the session has not begun');
      return call(withoutNul(args));
    };
  return {
    hello: async (args) => {
      const { hello } = withoutNul(args);
      if (greeted) throw new ProblemError('bad-request', 'cannot take hello: it was said before');
      greeted = true;
      return admit(deps, session, hello).catch((error) => {
        session.refuse('refused');
        throw error;
      });
    },
    report: accepted((report) => {
      reported = reported.then(() => takeReport(deps, session, report));
      reported.catch(() => session.spoil('a report could not be stored'));
      return reported;
    }),
    facts: accepted(({ json }) => takeFacts(deps, node, json)),
    heartbeat: accepted(async ({ heartbeat }) => deps.store.agents.heartbeat(node, { ...heartbeat })),
    ping: async () => undefined,
    renew: accepted(({ request }) => renew(deps, session, request)),
    shellOutput: accepted(({ streamId, data }) => deps.shells(session).output(streamId, data)),
    shellClosed: accepted(async ({ streamId, exitCode, reason }) =>
      deps.shells(session).closed(streamId, exitCode, reason),
    ),
  };
};

const takeReport = async (
  deps: CallDeps,
  session: AgentSession,
  report: Parameters<ControllerService['report']>[0],
): Promise<void> => {
  const { node } = session.peer;
  const ids = [...reportedTasks(report)];
  const own = new Set(ids.filter((id) => deps.dispatcher.owns(node, id)));
  const rows = await loadTasks(
    deps.store.tasks,
    ids.filter((id) => !own.has(id)),
  );
  for (const [id, row] of rows) if (row?.node === node) own.add(id);
  const foreign = ids.filter((id) => !own.has(id));
  if (foreign.length > 0) {
    deps.log.warn({ node, tasks: foreign.slice(0, 20) }, 'an agent reported on tasks that are not its own');
  }
  if (own.size > 0) await keepReport(deps, session, () => toStoreReport(report, (id) => own.has(id)));
};

const waitMs = 10_000;

/** I4. */
const keepReport = async (
  { store }: CallDeps,
  session: AgentSession,
  read: () => ReturnType<typeof toStoreReport>,
): Promise<void> => {
  for (;;) {
    try {
      return await store.tasks.report(read());
    } catch (error) {
      if (!isDiskRefusal(error) || session.closed || store.disk.condition.state === 'ok') throw error;
    }
    await store.disk.changed(waitMs);
  }
};

const takeFacts = async (deps: CallDeps, node: string, json: string): Promise<void> => {
  const facts = parseFacts(json);
  if (!facts) throw new ProblemError('bad-request', 'cannot take facts: not a JSON object of at most 1 MiB');
  await deps.store.agents.setFacts(node, facts);
};

const renew = async (deps: CallDeps, session: AgentSession, request: string): Promise<string> => {
  const { node } = session.peer;
  try {
    const pem = await deps.renew(node, session.serial, request);
    const { serial, notAfterMs } = parseIssued(pem);
    session.renewed(serial, notAfterMs);
    deps.log.info({ node, serial }, 'certificate renewed');
    return pem;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ProblemError('refused', error.message);
  }
};
