// drover node facts: what is known of one server.
import type { Command } from 'commander';
import { parseOutputForm, printValue } from '../output/documents.ts';
import { toOutline } from '../resources/describe.ts';
import type { Session } from '../session.ts';

interface FactsOptions {
  readonly output?: string;
}

const facts = async (
  name: string,
  options: FactsOptions,
  command: Command,
  session: Session,
): Promise<void> => {
  const form = parseOutputForm(options.output);
  const known = await session.connect(command).facts(name);
  if (form === 'json' || form === 'yaml') return printValue(session.out, form, known);
  const { facts: found, heartbeat, agent } = known;
  // Hundreds of CPU flags are for programs.
  const cpu = { ...(found['cpu'] as Record<string, unknown> | undefined), flags: undefined };
  const { facts: _, ...shown } = (agent ?? {}) as Record<string, unknown>;
  for (const line of toOutline({ facts: { ...found, cpu }, heartbeat, agent: shown }))
    session.out.write(`${line}\n`);
};

export const defineFacts = (parent: Command, session: Session): void => {
  const command = parent
    .command('facts')
    .description('Show what is known of a server: system, hardware, network, agent, last heartbeat')
    .argument('<name>')
    .option('-o, --output <form>', 'json or yaml');
  command.action((name: string, options: FactsOptions) => facts(name, options, command, session));
};
