// drover api-token: tokens by which programs act in your name, with bounds if you like.
import type { PolicyRule } from '@drover/api';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { parseSeconds } from '../output/units.ts';
import { showCredentials } from '../people/credential-table.ts';
import type { Session } from '../session.ts';

interface CreateOptions {
  readonly expires: string;
  readonly allow: readonly string[];
  readonly namespace: readonly string[];
}

/** 'get,list:nodes,commandruns.drover.dev/results' or 'get:/metrics' → rules, one for each API group. */
export const parseRules = (text: string): readonly PolicyRule[] => {
  const colon = text.indexOf(':');
  const verbs = text.slice(0, colon).split(',').filter(Boolean);
  const names = text
    .slice(colon + 1)
    .split(',')
    .filter(Boolean);
  if (colon < 0 || verbs.length === 0 || names.length === 0)
    throw usageFailure(
      `cannot use --allow ${text}: not VERBS:RESOURCES such as get,list:nodes`,
      'resources are written as in drover get: nodes, commandruns.drover.dev, nodes/shell; paths begin with /',
    );
  const paths = names.filter((name) => name.startsWith('/'));
  const byGroup = new Map<string, string[]>();
  for (const name of names.filter((one) => !one.startsWith('/'))) {
    const [full = '', subresource] = name.split('/', 2);
    const dot = full.indexOf('.');
    const group = full === '*' ? '*' : dot < 0 ? '' : full.slice(dot + 1);
    const plural = dot < 0 ? full : full.slice(0, dot);
    const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
    byGroup.set(group, [...(byGroup.get(group) ?? []), resource]);
  }
  const rules = [...byGroup].map(([group, resources]) => ({ verbs, apiGroups: [group], resources }));
  return paths.length === 0 ? rules : [...rules, { verbs, nonResourceURLs: paths }];
};

const collect = (value: string, all: readonly string[]): string[] => [...all, value];

const addCreate = (command: Command, session: Session): void => {
  const make = command
    .command('create')
    .description('Make an API token of yours; it is shown once')
    .argument('<description>', 'what it is for')
    .option('--expires <time>', "valid for this long; '0' never ends", '30d')
    .option(
      '--allow <verbs:resources>',
      'only this, e.g. get,list:nodes or create:commandruns.drover.dev; may be repeated',
      collect,
      [],
    )
    .option('-n, --namespace <name>', 'only in this namespace; may be repeated', collect, []);
  make.action(async (description: string, options: CreateOptions) => {
    const rules = options.allow.flatMap(parseRules);
    const { token, id } = await session.connect(make).createToken({
      description,
      expiresSeconds: parseSeconds(options.expires, '--expires'),
      ...(rules.length === 0 ? {} : { rules }),
      ...(options.namespace.length === 0 ? {} : { namespaces: options.namespace }),
    });
    session.note(`Token ${id}; it is shown only now:`);
    session.out.write(`${token}\n`);
  });
};

export const define = (command: Command, session: Session): void => {
  addCreate(command, session);
  const list = command
    .command('list')
    .description('List your API tokens')
    .option('-o, --output <form>', 'json, yaml or name');
  list.action(async (options: { readonly output?: string }) => {
    const items = await session.connect(list).ownCredentials('token');
    await showCredentials(session, 'token', items, options.output);
  });
  const end = command
    .command('revoke')
    .description('Make API tokens of yours useless at once')
    .argument('<id...>');
  end.action(async (ids: string[]) => {
    for (const id of ids) {
      await session.connect(end).revokeOwn('token', id);
      session.out.write(`${id} revoked\n`);
    }
  });
};
