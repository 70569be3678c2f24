// Owns how the work of a run is presented from start to end: live, folded, raw, or as one document.
import type { Client, LogChunk } from '@drover/client';
import { isDocument, type OutputForm, printValue } from '../output/documents.ts';
import type { Session } from '../session.ts';
import { type Attend, type Attended, attendWork, printReport } from './attend.ts';
import { printFold } from './fold-printer.ts';
import { createLogPrinter } from './log-printer.ts';
import { type WorkPlural, workKinds } from './rows.ts';

export interface Show {
  readonly session: Session;
  readonly client: Client;
  readonly plural: WorkPlural;
  readonly namespace: string;
  readonly name: string;
  readonly form: OutputForm;
  readonly quiet: boolean;
  readonly fold: boolean;
  readonly raw: boolean;
  /** When the work was begun, by performance.now(). */
  readonly sinceMs: number;
}

interface Collected {
  readonly add: (entry: LogChunk) => void;
  readonly of: (node: string, stream: 'stdout' | 'stderr') => Record<string, string>;
}

const createCollector = (): Collected => {
  const parts = new Map<string, Uint8Array[]>();
  return {
    add: (entry) => {
      const key = `${entry.stream} ${entry.node}`;
      const list = parts.get(key) ?? [];
      list.push(entry.data);
      parts.set(key, list);
    },
    of: (node, stream) => {
      const data = Buffer.concat(parts.get(`${stream} ${node}`) ?? []);
      const text = data.toString('utf8');
      return Buffer.from(text).equals(data)
        ? { [stream]: text }
        : { [`${stream}Base64`]: data.toString('base64') };
    },
  };
};

const printDocument = async (show: Show, attended: Attended, collected: Collected): Promise<void> => {
  if (show.form === 'name') {
    show.session.out.write(`${show.plural.replace(/s$/, '')}.drover.dev/${show.name}\n`);
    return;
  }
  const results = attended.tally.tasks().map((task) => ({
    node: task.node,
    state: task.state,
    startedAtMs: task.startedAtMs,
    finishedAtMs: task.finishedAtMs,
    ...task.result,
    ...(task.message === '' ? {} : { message: task.message }),
    ...collected.of(task.node, 'stdout'),
    ...collected.of(task.node, 'stderr'),
  }));
  await printValue(show.session.out, show.form, { run: attended.work, results });
};

/** Stands by the work, prints what was asked for, and sets the exit code. */
export const showWork = async (show: Show): Promise<Attended> => {
  const { session, client, plural, namespace, name } = show;
  const collected = createCollector();
  const printer = createLogPrinter(session.out, session.err, { raw: show.raw, prefix: !show.raw });
  const wantsLive = !isDocument(show.form) && !show.fold;
  const attend: Attend = {
    session,
    client,
    plural,
    namespace,
    name,
    quiet: show.quiet,
    ...(wantsLive ? { onOutput: (entry, line) => line.above(() => printer.print(entry)) } : {}),
    ...(show.form === 'json' || show.form === 'yaml' ? { onOutput: collected.add } : {}),
  };
  const attended = await attendWork(attend);
  printer.finish();
  if (isDocument(show.form)) await printDocument(show, attended, collected);
  else if (show.fold && !attended.left)
    printFold(session.out, await client.fold({ kind: workKinds[plural], name, namespace }));
  printReport(attend, attended, show.sinceMs);
  return attended;
};
