// drover nodes: the servers of the fleet in one table.
import type { Node } from '@drover/api';
import { ageOf } from '@drover/api/duration';
import { compareNames } from '@drover/api/node-set';
import { type Client, nodes as nodeKind } from '@drover/client';
import type { Command } from 'commander';
import { isDocument, parseOutputForm } from '../output/documents.ts';
import { toTable } from '../output/table.ts';
import { nowMs } from '../platform/clock.ts';
import { collect } from '../resources/collect.ts';
import { type ListOptions, showList } from '../resources/list.ts';
import { paintStates } from '../resources/table-printer.ts';
import { watchOn } from '../resources/watch.ts';
import type { Session } from '../session.ts';

interface NodesOptions extends ListOptions {
  readonly state?: string;
}

const readyOf = (node: Node) => node.status?.conditions?.find((condition) => condition.type === 'Ready');

export const stateOf = (node: Node): string => {
  const ready = readyOf(node);
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  if (node.metadata.deletionTimestamp !== undefined) return 'Removing';
  return node.spec.unschedulable === true ? `${word},SchedulingDisabled` : word;
};

const addressesOf = (node: Node): string =>
  (node.status?.addresses ?? [])
    .filter((address) => address.type !== 'Hostname')
    .map((address) => address.address)
    .join(',') || '-';

const headings = ['Name', 'State', 'OS', 'Addresses', 'Agent', 'Age'];
const wideHeadings = ['Kernel', 'Arch', 'Since', 'Why'];

const toRow = (node: Node, timeMs: number, wide: boolean): string[] => {
  const info = node.status?.nodeInfo;
  const ready = readyOf(node);
  return [
    node.metadata.name ?? '',
    stateOf(node),
    info?.osImage || '-',
    addressesOf(node),
    info?.kubeletVersion || '-',
    ageOf(node.metadata.creationTimestamp, timeMs),
    ...(wide
      ? [
          info?.kernelVersion || '-',
          info?.architecture || '-',
          ageOf(ready?.lastTransitionTime, timeMs),
          ready?.status === 'True' ? '' : (ready?.message ?? ''),
        ]
      : []),
  ];
};

const watchNodes = async (
  client: Client,
  session: Session,
  options: NodesOptions,
  wide: boolean,
): Promise<void> => {
  let widths: readonly number[] = [24, 8, 30, 15, 12];
  const shown = wide ? [...headings, ...wideHeadings] : headings;
  session.out.write(`${session.out.paint('bold', toTable(shown, [], widths).lines[0] ?? '')}\n`);
  const events = watchOn(client, nodeKind, { labelSelector: options.selector });
  for await (const { type, object } of events) {
    const made = toTable(shown, [toRow(object, nowMs(), wide)], widths);
    widths = made.widths;
    const line = paintStates(session.out, made.lines[1] ?? '');
    session.out.write(type === 'DELETED' ? `${line}   (removed)\n` : `${line}\n`);
  }
};

const listNodes = async (
  client: Client,
  session: Session,
  options: NodesOptions,
  wide: boolean,
): Promise<void> => {
  const query = { labelSelector: options.selector, fieldSelector: options.fieldSelector };
  const nodes = (await collect(client.listAll(nodeKind, query))).sort((a, b) =>
    compareNames(a.metadata.name ?? '', b.metadata.name ?? ''),
  );
  if (nodes.length === 0) {
    session.note('no nodes found; add some with: drover node add user@host, or drover token create');
    return;
  }
  const shown = wide ? [...headings, ...wideHeadings] : headings;
  const [heading = '', ...lines] = toTable(
    shown,
    nodes.map((node) => toRow(node, nowMs(), wide)),
  ).lines;
  if (options.headers !== false) session.out.write(`${session.out.paint('bold', heading)}\n`);
  for (const line of lines) session.out.write(`${paintStates(session.out, line)}\n`);
};

const nodes = async (options: NodesOptions, command: Command, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const client = session.connect(command);
  if (isDocument(form) || options.showLabels === true)
    await showList({ session, client, kind: nodeKind, options, noun: 'nodes' });
  else if (options.watch === true) await watchNodes(client, session, options, form === 'wide');
  else await listNodes(client, session, options, form === 'wide');
};

export const define = (command: Command, session: Session): void => {
  command
    .option('-l, --selector <labels>', "only nodes with these labels, e.g. 'rack=a,env in (test,prod)'")
    .option('--field-selector <fields>', "only nodes with these fields, e.g. 'spec.unschedulable=true'")
    .option('-w, --watch', 'go on showing changes until Ctrl-C')
    .option('-o, --output <form>', 'wide, json, yaml or name')
    .option('--show-labels', 'show the labels in a last column')
    .option('--no-headers', 'leave out the headings')
    .action((options: NodesOptions) => nodes(options, command, session));
};
