// Owns the one way in which lists are shown: a table, kept up to date with -w, or documents.
import type { KubeObject } from '@drover/api';
import { type Client, type KindReference, toCollectionPath } from '@drover/client';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import {
  isDocument,
  type OutputForm,
  parseOutputForm,
  printObjects,
  printValue,
} from '../output/documents.ts';
import type { Session } from '../session.ts';
import { collect } from './collect.ts';
import { createTablePrinter } from './table-printer.ts';
import { loadTable, type TableQuery, watchTable } from './tables.ts';

export interface ListOptions {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly watch?: boolean;
  readonly output?: string;
  readonly showLabels?: boolean;
  readonly headers?: boolean;
}

export const addListOptions = (command: Command): Command =>
  command
    .option('-l, --selector <labels>', "only those with these labels, e.g. 'rack=a,env in (test,prod)'")
    .option('--field-selector <fields>', "only those with these fields, e.g. 'status.phase=Running'")
    .option('-w, --watch', 'go on showing changes until Ctrl-C')
    .option('-o, --output <form>', 'wide, json, yaml or name')
    .option('--show-labels', 'show the labels in a last column')
    .option('--no-headers', 'leave out the headings');

export interface ListRequest {
  readonly session: Session;
  readonly client: Client;
  readonly kind: KindReference<unknown>;
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly options: ListOptions;
  /** Name of what is listed, for 'no ... found'. */
  readonly noun: string;
  readonly namespaces?: boolean;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

/** All objects of a list, with apiVersion and kind put back on each. */
const loadObjects = async ({
  client,
  kind,
  namespace,
  options: { selector, fieldSelector },
}: ListRequest): Promise<readonly KubeObject[]> => {
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  const items = client.listAll(kind, { namespace, labelSelector: selector, fieldSelector });
  return (await collect(items)).map((item) => ({ ...(item as KubeObject), apiVersion, kind: kind.kind }));
};

const printDocuments = async (request: ListRequest, from: TableQuery, form: OutputForm): Promise<void> => {
  if (request.options.watch !== true) {
    await printObjects(request.session.out, form, await loadObjects(request), true);
    return;
  }
  if (form === 'yaml') throw usageFailure('cannot watch with -o yaml: choose json or name');
  const events = request.client.http.lines<{ readonly type: string; readonly object: KubeObject }>({
    path: from.path,
    query: { ...from.query, watch: 'true' },
  });
  for await (const event of events)
    if (form === 'name') await printObjects(request.session.out, form, [event.object], false);
    else await printValue(request.session.out, form, event);
};

/** Lists, and with -w goes on until the process is interrupted. Returns how many there were at first. */
export const showList = async (request: ListRequest): Promise<number> => {
  const { session, client, options } = request;
  const form = parseOutputForm(options.output);
  const from = {
    path: toCollectionPath(request.kind, request.namespace),
    query: { ...request.query, labelSelector: options.selector, fieldSelector: options.fieldSelector },
  };
  if (isDocument(form)) {
    await printDocuments(request, from, form);
    return 0;
  }
  const printer = createTablePrinter(session.out, {
    wide: form === 'wide',
    namespaces: request.namespaces === true,
    labels: options.showLabels === true,
    headings: options.headers !== false,
  });
  let table = await loadTable(client, from);
  if (table.rows.length === 0 && options.watch !== true) session.note(`no ${request.noun} found`);
  if (table.rows.length > 0 || options.watch === true) printer.print(table);
  const count = table.rows.length;
  while (options.watch === true) {
    const version = table.metadata?.resourceVersion ?? '';
    const changes = watchTable(client, from, version, new AbortController().signal);
    for await (const change of changes)
      printer.print(change.table, change.type === 'DELETED' ? session.out.paint('dim', 'deleted: ') : '');
    table = await loadTable(client, from);
    printer.print(table);
  }
  return count;
};
