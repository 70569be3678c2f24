// drover node delete | drain-from-fleet: take servers out of the fleet.
import { ApiError } from '@drover/api/errors';
import { type Client, events as eventKind, nodes as nodeKind } from '@drover/client';
import type { Command } from 'commander';
import { exitCodes, Failure } from '../failure.ts';
import { confirm } from '../output/confirm.ts';
import { parseSeconds } from '../output/units.ts';
import type { Session } from '../session.ts';

interface RemoveOptions {
  readonly timeout: string;
  readonly yes?: boolean;
}

const uninstallNote = 'drover.dev/uninstall';

/** Why the agent of a node that was to be uninstalled is still on its server; '' when it removes itself. */
const whyItStays = async (client: Client, uid: string): Promise<string> => {
  const fieldSelector = `involvedObject.uid=${uid},reason=AgentNotUninstalled`;
  const { items } = await client.list(eventKind, { fieldSelector });
  return items[0]?.message ?? '';
};

const askToUninstall = async (client: Client, node: string): Promise<string> => {
  const body = { metadata: { annotations: { [uninstallNote]: 'true' } }, spec: { unschedulable: true } };
  return (await client.patch(nodeKind, node, { type: 'merge', body })).metadata.uid ?? '';
};

/** Resolves when the node is gone. */
const remove = async (client: Client, node: string, timeoutMs: number): Promise<void> => {
  await client.delete(nodeKind, node);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await client.waitFor(nodeKind, node, (object) => object === undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Failure(`cannot see ${node} gone: it is still being removed after ${timeoutMs / 1000} s`, {
      remedy: `why: drover describe node ${node}`,
    });
  }
};

const removeAll = async (
  names: readonly string[],
  options: RemoveOptions,
  uninstall: boolean,
  command: Command,
  session: Session,
): Promise<void> => {
  const timeoutMs = parseSeconds(options.timeout, '--timeout') * 1000;
  const lost = uninstall ? 'their agents are uninstalled' : 'their certificates are revoked';
  if (options.yes !== true) await confirm(session, `remove ${names.join(', ')} from the fleet; ${lost}`);
  const client = session.connect(command);
  const one = async (name: string): Promise<void> => {
    try {
      const uid = uninstall ? await askToUninstall(client, name) : '';
      await remove(client, name, timeoutMs);
      const why = uninstall ? await whyItStays(client, uid) : '';
      if (why !== '') session.setExitCode(exitCodes.failed);
      const agent = why === '' ? 'its agent uninstalls itself' : why;
      session.out.write(uninstall ? `${name} removed; ${agent}\n` : `${name} removed\n`);
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof Failure)) throw error;
      session.note(`${name}: ${error.message}`);
      session.setExitCode(exitCodes.failed);
    }
  };
  await Promise.all(names.map(one));
};

export const defineRemove = (parent: Command, session: Session): void => {
  const drain = parent
    .command('drain-from-fleet')
    .description('Take servers out of the fleet: the agent uninstalls itself, certificates are revoked')
    .argument('<name...>')
    .option('-y, --yes', 'do not ask')
    .option('--timeout <time>', 'wait at most this long', '1m');
  drain.action((names: string[], options: RemoveOptions) => removeAll(names, options, true, drain, session));
  const drop = parent
    .command('delete')
    .description('Forget servers: certificates are revoked, the agent stays installed but is refused')
    .argument('<name...>')
    .option('-y, --yes', 'do not ask')
    .option('--timeout <time>', 'wait at most this long', '1m');
  drop.action((names: string[], options: RemoveOptions) => removeAll(names, options, false, drop, session));
};
