// drover events: what happened lately, oldest first.

import type { Event } from '@drover/api';
import { ageOf } from '@drover/api/duration';
import { events as eventKind } from '@drover/client';
import type { Command } from 'commander';
import { isDocument, parseOutputForm } from '../output/documents.ts';
import { toTable } from '../output/table.ts';
import { nowMs } from '../platform/clock.ts';
import { collect } from '../resources/collect.ts';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import { paintStates } from '../resources/table-printer.ts';
import { watchOn } from '../resources/watch.ts';
import type { Session } from '../session.ts';

interface EventsOptions extends ListOptions {
  readonly namespace?: string;
  readonly for?: string;
}

const headings = ['Last seen', 'Type', 'Reason', 'Object', 'Message'];

/** When it was last seen, RFC 3339. */
export const seenAt = (event: Event): string =>
  event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? '';

const toRow = (event: Event, timeMs: number): string[] => [
  ageOf(seenAt(event), timeMs),
  event.type ?? '',
  event.reason ?? '',
  `${(event.involvedObject.kind ?? '').toLowerCase()}/${event.involvedObject.name ?? ''}`,
  `${(event.message ?? '').trim()}${(event.count ?? 1) > 1 ? ` (${event.count} times)` : ''}`,
];

/** Lines for events, oldest first, under headings. */
export const toEventLines = (events: readonly Event[], timeMs: number): readonly string[] =>
  toTable(
    headings,
    [...events].sort((a, b) => seenAt(a).localeCompare(seenAt(b))).map((event) => toRow(event, timeMs)),
  ).lines;

const fieldSelectorOf = (options: EventsOptions): string | undefined => {
  const [kind, name] = options.for?.split('/') ?? [];
  const wanted = [
    options.fieldSelector,
    kind === undefined || name === undefined ? undefined : `involvedObject.name=${name}`,
    kind === undefined ? undefined : `involvedObject.kind=${kind}`,
  ].filter((part) => part !== undefined);
  return wanted.length === 0 ? undefined : wanted.join(',');
};

const watchEvents = async (options: EventsOptions, command: Command, session: Session): Promise<void> => {
  const { namespace, selector } = options;
  let widths: readonly number[] = [10, 8, 20, 24];
  session.out.write(`${session.out.paint('bold', toTable(headings, [], widths).lines[0] ?? '')}\n`);
  const watched = watchOn(session.connect(command), eventKind, {
    namespace,
    labelSelector: selector,
    fieldSelector: fieldSelectorOf(options),
  });
  for await (const { type, object } of watched) {
    if (type !== 'ADDED' && type !== 'MODIFIED') continue;
    const made = toTable(headings, [toRow(object, nowMs())], widths);
    widths = made.widths;
    session.out.write(`${paintStates(session.out, made.lines[1] ?? '')}\n`);
  }
};

const events = async (options: EventsOptions, command: Command, session: Session): Promise<void> => {
  const fieldSelector = fieldSelectorOf(options);
  const { namespace } = options;
  const form = parseOutputForm(options.output);
  if (isDocument(form)) {
    const client = session.connect(command);
    const chosen = { ...options, ...(fieldSelector === undefined ? {} : { fieldSelector }) };
    await showList({ session, client, kind: eventKind, namespace, options: chosen, noun: 'events' });
    return;
  }
  if (options.watch === true) return watchEvents(options, command, session);
  const client = session.connect(command);
  const found = await collect(
    client.listAll(eventKind, { namespace, labelSelector: options.selector, fieldSelector }),
  );
  if (found.length === 0) return session.note('no events found');
  const [heading = '', ...lines] = toEventLines(found, nowMs());
  if (options.headers !== false) session.out.write(`${session.out.paint('bold', heading)}\n`);
  for (const line of lines) session.out.write(`${paintStates(session.out, line)}\n`);
};

export const define = (command: Command, session: Session): void => {
  addListOptions(command)
    .option('--namespace <name>', 'in this namespace only')
    .option('--for <kind/name>', "about this object only, e.g. 'Node/web1'")
    .action((options: EventsOptions) => events(options, command, session));
};
