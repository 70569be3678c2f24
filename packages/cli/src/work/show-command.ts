// Owns 'show': where one run or transfer stands, and why.

import { ageOf } from '@drover/api/duration';
import { toSize } from '@drover/api/size';
import { quoteWords } from '@drover/api/words';
import type { Task, Work, WorkReference } from '@drover/client';
import type { Command } from 'commander';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { toTable } from '../output/table.ts';
import { printable } from '../output/terminal.ts';
import { toElapsed } from '../output/units.ts';
import { nowMs } from '../platform/clock.ts';
import { collect } from '../resources/collect.ts';
import type { Session } from '../session.ts';
import { addNamespace, type NameOptions, toName, type WorkNoun } from './named.ts';
import { toEnding, workKinds } from './rows.ts';
import { toEndings, toSummary } from './tally.ts';

const whatOf = ({ spec }: Work): string => {
  if ('direction' in spec) return `${spec.direction} ${spec.path}${spec.check ? ' (check only)' : ''}`;
  if (spec.argv !== undefined) return quoteWords(spec.argv);
  return `script, ${spec.script?.source.length ?? 0} characters, by ${spec.script?.interpreter.join(' ')}`;
};

const targetsOf = ({ spec }: Work): string =>
  [spec.targets.nodeSet, spec.targets.labelSelector ? JSON.stringify(spec.targets.labelSelector) : undefined]
    .filter((part) => part !== undefined)
    .join(' with labels ');

const durationOf = (work: Work): string => {
  const { startTime, completionTime } = work.status ?? {};
  if (startTime === undefined) return '-';
  const end = completionTime === undefined ? nowMs() : Date.parse(completionTime);
  return toElapsed(Math.max(0, end - Date.parse(startTime)) / 1000);
};

const rowOf = (task: Task): string[] => [
  task.node,
  task.result === null
    ? task.state
    : toEnding({ state: task.state, exitCode: task.result.exitCode, signal: task.result.signal }),
  task.startedAtMs === 0
    ? '-'
    : toElapsed(Math.max(0, (task.finishedAtMs || nowMs()) - task.startedAtMs) / 1000),
  task.result === null
    ? '-'
    : toSize(task.result.stdoutBytes + task.result.stderrBytes) +
      (task.result.stdoutDropped + task.result.stderrDropped > 0 ? ' (cut)' : ''),
  task.result?.reason || task.message,
];

/** Who has decided what a run policy asks about, or that nobody has. */
const approvalOf = ({ status }: Work): string | undefined => {
  const decision = status?.conditions?.find(({ type }) => type === 'Approved' || type === 'Denied');
  if (decision !== undefined)
    return `${decision.type === 'Approved' ? 'approved' : 'rejected'} ${decision.message ?? ''}`.trim();
  const { approval, phase } = status ?? {};
  if (approval === undefined) return undefined;
  const words = `rule ${approval.rule} of run policy ${approval.policy}`;
  return phase === 'Pending'
    ? `asked by ${words}, until ${approval.expireTime}`
    : `asked by ${words}, not given`;
};

const requesterOf = ({ spec }: Work): string | undefined => {
  const { username, impersonator } = spec.requester ?? {};
  return impersonator === undefined ? username : `${username} (by ${impersonator})`;
};

const line = (key: string, value: string | undefined): readonly (readonly [string, string])[] =>
  value === undefined ? [] : [[key, value]];

const headOf = (work: Work): readonly (readonly [string, string])[] => [
  ['Name', work.metadata.name ?? ''],
  ['What', whatOf(work)],
  ['Nodes', targetsOf(work)],
  ['Phase', `${work.status?.phase ?? 'Pending'}${work.status?.message ? `: ${work.status.message}` : ''}`],
  ['Created', `${ageOf(work.metadata.creationTimestamp, nowMs())} ago`],
  ['Took', durationOf(work)],
  ...line('By', requesterOf(work)),
  ...line('Approval', approvalOf(work)),
  ...line('Repeats', work.spec.retryOf),
  ['Result', toSummary(work)],
];

const show = async (
  name: string,
  options: NameOptions & { readonly tasks?: boolean },
  command: Command,
  session: Session,
  { plural }: WorkNoun,
) => {
  const form = parseOutputForm(options.output);
  const client = session.connect(command);
  const reference: WorkReference = {
    kind: workKinds[plural],
    name: toName(name),
    namespace: options.namespace,
  };
  const [work, tasks] = await Promise.all([
    client.get<Work>(reference.kind, reference.name, reference),
    collect(client.allResults(reference)),
  ]);
  if (isDocument(form)) {
    await printValue(session.out, form, { run: work, results: tasks });
    return;
  }
  for (const [key, value] of headOf(work)) session.out.write(`${`${key}:`.padEnd(10)}${printable(value)}\n`);
  if (tasks.length === 0) return;
  session.out.write('\n');
  if (options.tasks === true) {
    const lines = toTable(['Node', 'State', 'Took', 'Output', 'Why'], tasks.map(rowOf)).lines;
    session.out.write(`${lines.join('\n')}\n`);
    return;
  }
  for (const ending of toEndings(tasks))
    session.out.write(
      `${session.out.paint('bold', ending.nodeSet)} (${ending.count}): ` +
        `${session.out.paint(ending.isSuccess ? 'green' : 'red', printable(ending.words))}\n`,
    );
};

export const defineShow = (command: Command, session: Session, work: WorkNoun): void => {
  const define = addNamespace(
    command.command('show').description(`Show where a ${work.noun} stands, and why`),
  )
    .argument('<name>')
    .option('--tasks', 'one line per node')
    .option('-o, --output <form>', 'json or yaml');
  define.action((name: string, options: NameOptions) => show(name, options, define, session, work));
};
