// drover token: join tokens - make one and print the line to paste on servers; list; revoke.
import { enrollmentTokens } from '@drover/client';
import type { Command } from 'commander';
import { createToken } from '../enrolment/tokens.ts';
import { parseOutputForm, printValue } from '../output/documents.ts';
import { parsePairs, parseSeconds, parseWhole } from '../output/units.ts';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import type { Session } from '../session.ts';

interface CreateOptions {
  readonly expires: string;
  readonly uses: string;
  readonly label: readonly string[];
  readonly manual?: boolean;
  readonly names?: string;
  readonly name?: string;
  readonly output?: string;
}

const create = async (options: CreateOptions, command: Command, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const token = await createToken(session.connect(command), {
    expiresSeconds: parseSeconds(options.expires, '--expires'),
    maxUses: parseWhole(options.uses, '--uses', 1),
    labels: parsePairs(options.label, '--label'),
    approval: options.manual === true ? 'Manual' : 'Automatic',
    ...(options.names === undefined ? {} : { nodeNamePattern: options.names }),
    ...(options.name === undefined ? {} : { name: options.name }),
  });
  if (form === 'json' || form === 'yaml') return printValue(session.out, form, token);
  if (form === 'name') {
    session.out.write(`enrollmenttoken.drover.dev/${token.metadata.name}\n`);
    return;
  }
  const uses = token.spec.maxUses === 1 ? 'one server' : `up to ${token.spec.maxUses} servers`;
  session.note(
    `Token ${token.metadata.name}, for ${uses}, until ${token.spec.expiresAt ?? 'it is revoked'}. ` +
      'Paste this on the server, as root; it is shown only now:',
  );
  session.out.write(`${token.status?.joinCommand ?? ''}\n`);
};

const revoke = async (names: readonly string[], command: Command, session: Session): Promise<void> => {
  const client = session.connect(command);
  for (const name of names) {
    await client.patch(enrollmentTokens, name, { type: 'merge', body: { spec: { revoked: true } } });
    session.out.write(`${name} revoked\n`);
  }
};

export const define = (command: Command, session: Session): void => {
  const collect = (value: string, all: string[]) => [...all, value];
  const make = command
    .command('create')
    .description('Make a join token and print the line that joins a server')
    .option('--expires <time>', 'valid for this long, e.g. 1h', '1h')
    .option('--uses <count>', 'for this many servers', '1')
    .option('--label <key=value>', 'label of the nodes that join with it; may be repeated', collect, [])
    .option('--manual', 'let requests wait for drover node approve')
    .option('--names <set>', "approve only these node names by itself, e.g. 'web[1-20]'")
    .option('--name <name>', 'name of the token; absent: made up')
    .option('-o, --output <form>', 'json, yaml or name');
  make.action((options: CreateOptions) => create(options, make, session));
  const list = addListOptions(command.command('list').description('List join tokens'));
  list.action(async (options: ListOptions) => {
    await showList({
      session,
      client: session.connect(list),
      kind: enrollmentTokens,
      options,
      noun: 'tokens',
    });
  });
  const end = command.command('revoke').description('Make join tokens useless at once').argument('<name...>');
  end.action((names: string[]) => revoke(names, end, session));
};
