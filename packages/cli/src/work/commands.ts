// Owns the commands over existing runs and transfers: list, show, log, cancel, retry, approve, reject.

import type { Client, WorkReference } from '@drover/client';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm } from '../output/documents.ts';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import type { Session } from '../session.ts';
import { addSigningOptions, type SigningOptions } from '../signing/options.ts';
import { cancelWork } from './attend.ts';
import { decide, waitsForPeople } from './decide.ts';
import { defineLog } from './log-command.ts';
import { addNamespace, type NameOptions, toName, type WorkNoun } from './named.ts';
import { retryWork } from './retry.ts';
import { workKinds } from './rows.ts';
import { openSend } from './send.ts';
import { showWork } from './show.ts';
import { defineShow } from './show-command.ts';

const referenceTo = (work: WorkNoun, name: string, options: NameOptions): WorkReference => ({
  kind: workKinds[work.plural],
  name: toName(name),
  namespace: options.namespace,
});

const attendNamed = async (
  session: Session,
  client: Client,
  { plural }: WorkNoun,
  name: string,
  options: NameOptions,
): Promise<void> => {
  const form = parseOutputForm(options.output);
  await showWork({
    session,
    client,
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
    const client = session.connect(list);
    const kind = workKinds[plural];
    const namespace = all ? undefined : options.namespace;
    await showList({ session, client, kind, namespace, options, noun: `${noun}s`, namespaces: all });
  });
};

const defineCancel = (command: Command, session: Session, work: WorkNoun): void => {
  const cancel = addNamespace(
    command.command('cancel').description(`Cancel ${work.noun}s and wait until nothing of them is left`),
  )
    .argument('<name...>')
    .option('--detach', 'do not wait for the proof');
  cancel.action(async (names: string[], options: NameOptions) => {
    const client = session.connect(cancel);
    for (const name of names) {
      await cancelWork(client, referenceTo(work, name, options));
      if (options.detach === true) session.out.write(`${name} is being cancelled\n`);
      else await attendNamed(session, client, work, toName(name), options);
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
  addSigningOptions(retry).action(async (name: string, options: NameOptions & SigningOptions) => {
    const client = session.connect(retry);
    const send = await openSend(session, retry, options);
    const created = await retryWork(client, referenceTo(work, name, options), send);
    if (created === undefined) {
      session.note(`nothing to repeat: ${name} ended well on every node`);
      return;
    }
    const next = created.metadata.name ?? '';
    if (options.detach === true) session.out.write(`${next}\n`);
    else await attendNamed(session, client, work, next, options);
  });
};

const defineApprove = (command: Command, session: Session, work: WorkNoun): void => {
  const approve = addNamespace(
    command
      .command('approve')
      .description(
        `Let a ${work.noun} begin that a run policy asks about, or go on with its next batch if it waits at a gate`,
      ),
  )
    .argument('<name>')
    .option('--all', 'approve every batch to come as well')
    .option('--reason <text>', 'why, for the record of a run policy');
  approve.action(async (word: string, options: NameOptions & { all?: boolean; reason?: string }) => {
    const client = session.connect(approve);
    const reference = referenceTo(work, word, options);
    const { kind, name, namespace } = reference;
    const now = await client.get(kind, name, { namespace });
    if (waitsForPeople(now)) {
      await decide(client, reference, 'Approved', options.reason);
      session.out.write(`${name} approved\n`);
      return;
    }
    if (now.spec.strategy.gate === 'Automatic')
      throw usageFailure(`cannot approve ${name}: it has no gate`, 'gates are set when it is made: --gate');
    const approvedBatches = options.all === true ? 1_000_000 : now.spec.strategy.approvedBatches + 1;
    const body = { spec: { strategy: { approvedBatches } } };
    await client.patch(kind, name, { type: 'merge', body }, { namespace });
    session.out.write(`${name} approved${options.all === true ? ' to the end' : ''}\n`);
  });
};

const defineReject = (command: Command, session: Session, work: WorkNoun): void => {
  const reject = addNamespace(
    command
      .command('reject')
      .description(`Cancel a ${work.noun} that waits for the approval of a run policy`),
  )
    .argument('<name>')
    .option('--reason <text>', 'why, for the record');
  reject.action(async (word: string, options: NameOptions & { reason?: string }) => {
    const reference = referenceTo(work, word, options);
    await decide(session.connect(reject), reference, 'Denied', options.reason);
    session.out.write(`${reference.name} rejected\n`);
  });
};

export const defineWorkCommands = (command: Command, session: Session, work: WorkNoun): void => {
  defineList(command, session, work);
  defineShow(command, session, work);
  defineLog(command, session, work);
  defineCancel(command, session, work);
  defineRetry(command, session, work);
  defineApprove(command, session, work);
  defineReject(command, session, work);
};
