// drover audit: who did what, from where, on which nodes; whether the trail is whole; all of it as lines.
import type { AuditRecord } from '@drover/api';
import type { Client } from '@drover/client';
import type { Command } from 'commander';
import { addFilterOptions, type FilterOptions, toFilter } from '../audit/filter.ts';
import { untrusted, verifyFiles } from '../audit/verify-file.ts';
import { usageFailure } from '../failure.ts';
import { isDocument, type OutputForm, parseOutputForm, printValue } from '../output/documents.ts';
import { toTable } from '../output/table.ts';
import { parseWhole } from '../output/units.ts';
import type { Session } from '../session.ts';

interface ListOptions extends FilterOptions {
  readonly limit: string;
  readonly continue?: string;
  readonly follow?: boolean;
  readonly output?: string;
}

const headings = ['Row', 'Time', 'User', 'Verb', 'Resource', 'Name', 'Nodes', 'Outcome', 'From'];
const pageRows = 1_000;

const outcomeOf = ({ decision, code, reason, dryRun }: AuditRecord): string => {
  const words = [
    decision === 'deny' ? 'denied' : '',
    code === undefined ? '' : String(code),
    dryRun === true ? 'dry run' : '',
    reason ?? '',
  ];
  return words.filter((word) => word !== '').join(' ') || 'ok';
};

const whoOf = ({ user, impersonator }: AuditRecord): string =>
  impersonator === undefined ? user || '-' : `${user} (by ${impersonator})`;

const nodesOf = ({ nodes }: AuditRecord): string => {
  if (nodes?.set !== undefined)
    return nodes.count === undefined ? nodes.set : `${nodes.set} (${nodes.count})`;
  return nodes?.asked ?? '-';
};

const toRow = (record: AuditRecord): string[] => [
  String(record.seq),
  `${record.time.slice(0, 19)}Z`,
  whoOf(record),
  record.verb,
  record.subresource === undefined ? record.resource : `${record.resource}/${record.subresource}`,
  [record.namespace, record.name].filter((part) => part !== undefined).join('/') || '-',
  nodesOf(record),
  outcomeOf(record),
  record.address ?? '-',
];

const printRecord = async (session: Session, form: OutputForm, record: AuditRecord): Promise<void> => {
  if (form === 'name') session.out.write(`${record.seq}\n`);
  else if (form === 'json') session.out.write(`${JSON.stringify(record)}\n`);
  else await printValue(session.out, form, record);
};

const follow = async (client: Client, options: ListOptions, form: OutputForm, session: Session) => {
  const isTable = !isDocument(form);
  let { lines, widths } = toTable(headings, [], [6, 20, 12, 8, 20, 24, 12, 12, 12]);
  if (isTable) session.out.write(`${session.out.paint('bold', lines[0] ?? '')}\n`);
  for await (const record of client.audit.follow(toFilter(options))) {
    if (!isTable) {
      await printRecord(session, form, record);
      continue;
    }
    ({ lines, widths } = toTable(headings, [toRow(record)], widths));
    session.out.write(`${lines[1] ?? ''}\n`);
  }
};

/** Up to `limit` rows, and from where to go on; pages that hold little are read on. */
const collect = async (client: Client, options: ListOptions) => {
  const limit = parseWhole(options.limit, '--limit', 1);
  const filter = toFilter(options);
  const records: AuditRecord[] = [];
  let next = options.continue;
  do {
    const page = await client.audit.page({
      ...filter,
      limit: Math.min(limit - records.length, pageRows),
      ...(next === undefined ? {} : { continue: next }),
    });
    records.push(...page.items);
    next = page.continue;
  } while (next !== undefined && records.length < limit);
  return { records, next };
};

const list = async (options: ListOptions, command: Command, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const client = session.connect(command);
  if (options.follow === true) return follow(client, options, form, session);
  const { records, next } = await collect(client, options);
  if (form === 'name') session.out.write(records.map(({ seq }) => `${seq}\n`).join(''));
  else if (isDocument(form)) await printValue(session.out, form, records);
  else if (records.length === 0) session.note('no rows found');
  else {
    const [heading = '', ...lines] = toTable(headings, records.map(toRow)).lines;
    session.out.write(`${session.out.paint('bold', heading)}\n${lines.join('\n')}\n`);
  }
  if (next !== undefined) session.note(`there may be more: go on with --continue ${next}`);
};

const verify = async (
  options: { readonly file: readonly string[]; readonly offline?: boolean },
  command: Command,
  session: Session,
): Promise<void> => {
  if (options.offline === true && options.file.length === 0)
    throw usageFailure('cannot verify offline: give --file');
  const tell = (what: string, { rows, first, last }: { rows: number; first: number; last: number }): void =>
    session.out.write(
      rows === 0 ? `${what}: no rows\n` : `${what}: ${rows} rows, ${first} to ${last}, whole\n`,
    );
  if (options.offline === true) {
    tell(options.file.join(', '), await verifyFiles(options.file));
    return;
  }
  const client = session.connect(command);
  const { rows, first, head, problem } = await client.audit.verify();
  if (problem !== undefined) throw untrusted(problem.why);
  tell('store', { rows, first, last: head.seq });
  if (options.file.length === 0) return;
  const rowsFrom = (seq: number): AsyncIterable<AuditRecord> =>
    client.audit.all({ order: 'oldest', after: seq - 1, limit: pageRows });
  tell(options.file.join(', '), await verifyFiles(options.file, { first, rowsFrom }));
};

const exportRows = async (
  options: FilterOptions & { readonly after: string },
  command: Command,
  session: Session,
): Promise<void> => {
  const after = parseWhole(options.after, '--after');
  const rows = session
    .connect(command)
    .audit.all({ ...toFilter(options), order: 'oldest', after, limit: pageRows });
  for await (const record of rows) session.out.write(`${JSON.stringify(record)}\n`);
};

export const define = (command: Command, session: Session): void => {
  const gather = (value: string, all: string[]): string[] => [...all, value];
  const all = addFilterOptions(command.command('list').description('Show who did what, newest first'))
    .option('--limit <count>', 'at most this many rows', '50')
    .option('--continue <row>', 'go on from here, as the list before has said')
    .option('-f, --follow', 'show what comes from now on, until Ctrl-C')
    .option('-o, --output <form>', 'json, yaml or name');
  all.action((options: ListOptions) => list(options, all, session));
  const check = command
    .command('verify')
    .description('Check that no row was removed or changed; exit code 1 and its number when one was')
    .option('--file <path>', 'also this copy (audit.log); several: oldest first', gather, [])
    .option('--offline', 'only the files, without the controller');
  check.action((options: { file: string[]; offline?: boolean }) => verify(options, check, session));
  const out = addFilterOptions(
    command.command('export').description('Print rows as JSON lines, oldest first'),
  ).option('--after <row>', 'only rows behind this one', '0');
  out.action((options: FilterOptions & { after: string }) => exportRows(options, out, session));
};
