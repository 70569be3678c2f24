// drover describe: one or more objects for reading, with their events.
import type { KubeObject } from '@drover/api';
import { type Client, type DiscoveredKind, events, toObjectPath } from '@drover/client';
import type { Command } from 'commander';
import { nowMs } from '../platform/clock.ts';
import { collect } from '../resources/collect.ts';
import { toDescription } from '../resources/describe.ts';
import { parseReferences, type Reference } from '../resources/references.ts';
import type { Session } from '../session.ts';
import { toEventLines } from './events.ts';

interface DescribeOptions {
  readonly namespace: string;
  readonly selector?: string;
}

const eventsOf = (client: Client, kind: DiscoveredKind, object: KubeObject) => {
  const { name = '', namespace } = object.metadata;
  return collect(
    client.listAll(events, {
      ...(namespace === undefined ? {} : { namespace }),
      fieldSelector: `involvedObject.kind=${kind.kind},involvedObject.name=${name}`,
    }),
  );
};

const print = async (client: Client, kind: DiscoveredKind, object: KubeObject, session: Session) => {
  for (const line of toDescription(object)) session.out.write(`${line}\n`);
  const found = await eventsOf(client, kind, object);
  if (found.length === 0) session.out.write('Events: none\n');
  else
    session.out.write(
      `Events:\n${toEventLines(found, nowMs())
        .map((line) => `  ${line}\n`)
        .join('')}`,
    );
};

const choose = async (
  client: Client,
  words: readonly string[],
  options: DescribeOptions,
): Promise<readonly (Reference & { readonly object: KubeObject })[]> => {
  const discovery = await client.discover();
  const [first = '', ...rest] = words;
  if (rest.length === 0 && !first.includes('/')) {
    const kind = discovery.find(first);
    const list = client.listAll(kind, { namespace: options.namespace, labelSelector: options.selector });
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    return (await collect(list)).map((item) => ({
      kind,
      name: item.metadata.name ?? '',
      object: { ...item, apiVersion, kind: kind.kind },
    }));
  }
  return Promise.all(
    parseReferences(words, discovery).map(async ({ kind, name }) => ({
      kind,
      name,
      object: await client.http.json<KubeObject>({ path: toObjectPath(kind, name, options.namespace) }),
    })),
  );
};

const describe = async (
  words: readonly string[],
  options: DescribeOptions,
  command: Command,
  session: Session,
) => {
  const client = session.connect(command);
  const chosen = await choose(client, words, options);
  if (chosen.length === 0) session.note('nothing found');
  for (const [index, { kind, object }] of chosen.entries()) {
    if (index > 0) session.out.write('\n');
    await print(client, kind, object, session);
  }
};

export const define = (command: Command, session: Session): void => {
  command
    .argument('<kind[/name]>', "kind or kind/name: 'node web1', 'run/abc'")
    .argument('[name...]', 'only these')
    .option('-n, --namespace <name>', 'in this namespace', 'default')
    .option('-l, --selector <labels>', 'only those with these labels')
    .action((kind: string, names: string[], options: DescribeOptions) =>
      describe([kind, ...names], options, command, session),
    );
};
