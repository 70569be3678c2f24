// drover agent: bring the agent file now in force to nodes, a few first.
import { nodes as nodeKind } from '@drover/client';
import type { Command } from 'commander';
import { Failure, usageFailure } from '../failure.ts';
import { parseSeconds, parseWhole } from '../output/units.ts';
import { inInstallation } from '../platform/installation.ts';
import type { Session } from '../session.ts';
import { addSigningOptions, loadSigning, type SigningOptions } from '../signing/options.ts';

/** The agent that came with this command line. */
const ownAgentFile = inInstallation('agent', 'drover_agent.py');

interface UpdateOptions extends SigningOptions {
  readonly agentFile?: string;
  readonly all?: boolean;
  readonly selector?: string;
  readonly canary: string;
  readonly width: string;
  readonly timeout: string;
}

const update = async (
  names: readonly string[],
  options: UpdateOptions,
  command: Command,
  session: Session,
) => {
  if (names.length === 0 && options.all !== true && options.selector === undefined)
    throw usageFailure('cannot choose nodes: give names, -l LABELS or --all');
  const client = session.connect(command);
  const chosen = [...names];
  if (options.all === true || options.selector !== undefined)
    for await (const node of client.listAll(nodeKind, { labelSelector: options.selector }))
      if (node.metadata.name !== undefined) chosen.push(node.metadata.name);
  if (chosen.length === 0) return session.note('no nodes found');
  const { updateAgents } = await import('../enrolment/update-agents.ts');
  const signing = await loadSigning(session, command, options);
  const failed = await updateAgents({
    client,
    ...(signing === undefined
      ? {}
      : { signing: { ...signing, agentFile: options.agentFile ?? ownAgentFile } }),
    nodes: chosen,
    canary: parseWhole(options.canary, '--canary'),
    width: parseWhole(options.width, '--width', 1),
    timeoutMs: parseSeconds(options.timeout, '--timeout') * 1000,
    onDone: (node, words) => session.out.write(`${node} ${words}\n`),
  });
  if (failed > 0)
    throw new Failure(`cannot update every agent: ${failed} of ${chosen.length} were not updated`);
};

export const define = (command: Command, session: Session): void => {
  const one = command
    .command('update')
    .description(
      'Bring the agent file that the controller has now to nodes; a node whose new agent does not connect goes back',
    )
    .argument('[node...]')
    .option('--all', 'every node')
    .option('-l, --selector <labels>', 'nodes with these labels')
    .option('--canary <count>', 'this many first; the rest only if they are well', '1')
    .option('--width <count>', 'at most this many at a time', '32')
    .option('--timeout <time>', 'how long a node may take to come back with the new agent', '2m')
    .option('--agent-file <file>', 'with --sign: the agent you trust; absent: the one beside this command');
  addSigningOptions(one).action((names: string[], options: UpdateOptions) =>
    update(names, options, one, session),
  );
};
