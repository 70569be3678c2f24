// drover get: objects of any kind the controller serves.
import type { KubeObject } from '@drover/api';
import { type Client, type DiscoveredKind, toObjectPath } from '@drover/client';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printObjects } from '../output/documents.ts';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import { parseReferences, type Reference } from '../resources/references.ts';
import { createTablePrinter } from '../resources/table-printer.ts';
import { type Table, tableType } from '../resources/tables.ts';
import type { Session } from '../session.ts';

interface GetOptions extends ListOptions {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
}

const getNamed = async (
  references: readonly Reference[],
  options: GetOptions,
  client: Client,
  session: Session,
): Promise<void> => {
  const form = parseOutputForm(options.output);
  const paths = references.map(({ kind, name }) => toObjectPath(kind, name, options.namespace));
  if (isDocument(form)) {
    const objects = await Promise.all(paths.map((path) => client.http.json<KubeObject>({ path })));
    await printObjects(session.out, form, objects, objects.length > 1);
    return;
  }
  const style = { wide: form === 'wide', namespaces: false, labels: options.showLabels === true };
  const tables = await Promise.all(paths.map((path) => client.http.json<Table>({ path, accept: tableType })));
  const first = tables[0];
  if (first === undefined) return;
  const rows = tables.flatMap((table) => table.rows);
  createTablePrinter(session.out, { ...style, headings: options.headers !== false }).print({
    ...first,
    rows,
  });
};

const getLists = async (
  kinds: readonly DiscoveredKind[],
  options: GetOptions,
  client: Client,
  session: Session,
): Promise<void> => {
  if (kinds.length > 1 && options.watch === true)
    throw usageFailure('cannot watch several kinds at once: name one');
  for (const [index, kind] of kinds.entries()) {
    if (index > 0) session.out.write('\n');
    await showList({
      session,
      client,
      kind,
      namespace: options.allNamespaces === true ? undefined : options.namespace,
      options,
      noun: kind.plural,
      namespaces: options.allNamespaces === true && kind.namespaced,
    });
  }
};

const get = async (words: readonly string[], options: GetOptions, command: Command, session: Session) => {
  const client = session.connect(command);
  const discovery = await client.discover();
  const [kinds = '', ...names] = words;
  if (names.length === 0 && !kinds.includes('/')) {
    const wanted = kinds.split(',').map((word) => discovery.find(word));
    await getLists(wanted, options, client, session);
    return;
  }
  const references = parseReferences(words, discovery);
  if (options.watch !== true) {
    await getNamed(references, options, client, session);
    return;
  }
  const only = references.length === 1 ? references[0] : undefined;
  if (only === undefined) throw usageFailure('cannot watch several objects at once: name one');
  const watched = { ...options, fieldSelector: `metadata.name=${only.name}` };
  await getLists([only.kind], watched, client, session);
};

export const define = (command: Command, session: Session): void => {
  command
    .argument('<kind[/name]>', "kind, kinds with commas between, or kind/name: 'nodes', 'run/abc', 'ev,csr'")
    .argument('[name...]', 'only these')
    .option('-n, --namespace <name>', 'in this namespace', 'default')
    .option('-A, --all-namespaces', 'in every namespace');
  addListOptions(command);
  command.action((kind: string, names: string[], options: GetOptions) =>
    get([kind, ...names], options, command, session),
  );
};
