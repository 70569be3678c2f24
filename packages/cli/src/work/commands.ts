// Owns the commands over existing runs and transfers: list, show, log, cancel, retry, approve.
import type { Command } from 'commander';
import type { Connection } from '../connection/connection.ts';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm } from '../output/documents.ts';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import type { Session } from '../session.ts';
import { cancelWork } from './attend.ts';
import { defineLog } from './log-command.ts';
import { type WorkPlural, workCollection, workPath } from './paths.ts';
import { retryWork } from './retry.ts';
import type { Work } from './rows.ts';
import { showWork } from './show.ts';
import { defineShow } from './show-command.ts';

export interface WorkNoun {
  readonly plural: WorkPlural;
  readonly noun: 'run' | 'transfer';
}

export interface NameOptions {
  readonly namespace: string;
  readonly quiet?: boolean;
  readonly output?: string;
  readonly detach?: boolean;
}

export const addNamespace = (command: Command): Command =>
  command.option('--namespace <name>', 'namespace of the object', 'default');

const attendNamed = async (
  session: Session,
  connection: Connection,
  { plural }: WorkNoun,
  name: string,
  options: NameOptions,
): Promise<void> => {
  const form = parseOutputForm(options.output);
  await showWork({
    session,
    connection,
    plural,
    namespace: options.namespace,
    name,
    form,
    quiet: options.quiet === true || isDocument(form),
    fold: false,
    raw: false,
    sinceMs: performance.now(),
  });
};

const defineList = (command: Command, session: Session, { plural, noun }: WorkNoun): void => {
  const list = addListOptions(command.command('list').description(`List ${noun}s`))
    .option('--namespace <name>', 'in this namespace', 'default')
    .option('-A, --all-namespaces', 'in every namespace');
  list.action(async (options: ListOptions & { namespace: string; allNamespaces?: boolean }) => {
    const all = options.allNamespaces === true;
    const path = all ? `/apis/drover.dev/v1alpha1/${plural}` : workCollection(plural, options.namespace);
    const connection = session.connect(list);
    await showList({ session, connection, path, options, noun: `${noun}s`, namespaces: all });
  });
};

const defineCancel = (command: Command, session: Session, work: WorkNoun): void => {
  const cancel = addNamespace(
    command.command('cancel').description(`Cancel ${work.noun}s and wait until nothing of them is left`),
  )
    .argument('<name...>')
    .option('--detach', 'do not wait for the proof');
  cancel.action(async (names: string[], options: NameOptions) => {
    const connection = session.connect(cancel);
    for (const name of names) {
      await cancelWork(connection, workPath(work.plural, options.namespace, name));
      if (options.detach === true) session.out.write(`${name} is being cancelled\n`);
      else await attendNamed(session, connection, work, name, options);
    }
    // Having been cancelled is what was asked for here, so it is no failure.
    session.setExitCode(0);
  });
};

const defineRetry = (command: Command, session: Session, work: WorkNoun): void => {
  const retry = addNamespace(
    command.command('retry').description(`Repeat a ${work.noun} on the nodes where it did not end well`),
  )
    .argument('<name>')
    .option('--detach', 'return at once and print the name')
    .option('-q, --quiet', 'no progress and no closing report')
    .option('-o, --output <form>', 'json, yaml or name instead of text');
  retry.action(async (name: string, options: NameOptions) => {
    const connection = session.connect(retry);
    const created = await retryWork(connection, work.plural, options.namespace, name);
    if (created === undefined) {
      session.note(`nothing to repeat: ${name} ended well on every node`);
      return;
    }
    const next = created.metadata.name ?? '';
    if (options.detach === true) session.out.write(`${next}\n`);
    else await attendNamed(session, connection, work, next, options);
  });
};

const defineApprove = (command: Command, session: Session, work: WorkNoun): void => {
  const approve = addNamespace(
    command
      .command('approve')
      .description(`Let a ${work.noun} that waits at a gate go on with its next batch`),
  )
    .argument('<name>')
    .option('--all', 'approve every batch to come as well');
  approve.action(async (name: string, options: NameOptions & { all?: boolean }) => {
    const connection = session.connect(approve);
    const path = workPath(work.plural, options.namespace, name);
    const now = await connection.json<Work>({ path });
    if (now.spec.strategy.gate === 'Automatic')
      throw usageFailure(`cannot approve ${name}: it has no gate`, 'gates are set when it is made: --gate');
    const approvedBatches = options.all === true ? 1_000_000 : now.spec.strategy.approvedBatches + 1;
    await connection.json({
      method: 'PATCH',
      path,
      contentType: 'application/merge-patch+json',
      body: { spec: { strategy: { approvedBatches } } },
    });
    session.out.write(`${name} approved${options.all === true ? ' to the end' : ''}\n`);
  });
};

export const defineWorkCommands = (command: Command, session: Session, work: WorkNoun): void => {
  defineList(command, session, work);
  defineShow(command, session, work);
  defineLog(command, session, work);
  defineCancel(command, session, work);
  defineRetry(command, session, work);
  defineApprove(command, session, work);
};
