// drover schedules: look after what runs by the clock. Made and changed they are with drover apply.
import type { SavedCommand, Schedule } from '@drover/api';
import { type Client, commandRuns, savedCommands, schedules } from '@drover/client';
import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import type { Session } from '../session.ts';
import { addNamespace, type NameOptions, toName } from '../work/named.ts';
import { showWork } from '../work/show.ts';

const defineList = (command: Command, session: Session): void => {
  const list = addListOptions(command.command('list').description('List schedules, with their next time'))
    .option('--namespace <name>', 'in this namespace', 'default')
    .option('-A, --all-namespaces', 'in every namespace');
  list.action(async (options: ListOptions & { namespace: string; allNamespaces?: boolean }) => {
    const namespaces = options.allNamespaces === true;
    const namespace = namespaces ? undefined : options.namespace;
    const client = session.connect(list);
    await showList({ session, client, kind: schedules, namespace, options, noun: 'schedules', namespaces });
  });
};

const defineSuspend = (command: Command, session: Session, word: 'suspend' | 'resume'): void => {
  const isSuspend = word === 'suspend';
  const change = addNamespace(
    command
      .command(word)
      .description(isSuspend ? 'Start nothing until it is resumed' : 'Start runs again, as yourself')
      .argument('<name...>'),
  );
  change.action(async (names: string[], { namespace }: NameOptions) => {
    const client = session.connect(change);
    for (const name of names.map(toName)) {
      const body = { spec: { suspend: isSuspend } };
      await client.patch(schedules, name, { type: 'merge', body }, { namespace });
      session.out.write(`${name} ${isSuspend ? 'suspended' : 'resumed'}\n`);
    }
  });
};

const makeRun = async (client: Client, name: string, namespace: string) => {
  const { causeWords, renderSchedule, toScheduleRun } = await import('@drover/api/schedule-run');
  const schedule = await client.get<Schedule>(schedules, name, { namespace });
  const command = schedule.spec.savedCommand?.name;
  const saved =
    command === undefined ? undefined : await client.get<SavedCommand>(savedCommands, command, { namespace });
  const rendered = renderSchedule(schedule, saved);
  if (rendered.kind === 'refused')
    throw new Failure(`cannot run ${name}: ${causeWords(rendered.causes)}`, {
      remedy: `change the schedule: drover get schedule ${name} -o yaml, then drover apply`,
    });
  const run = toScheduleRun(schedule, rendered.spec, { generateName: `${name}-manual-` });
  return client.create(commandRuns, run, { namespace });
};

const defineRun = (command: Command, session: Session): void => {
  const run = addNamespace(
    command
      .command('run')
      .description('Run it now, as yourself, whatever the time')
      .argument('<name>')
      .option('--detach', 'return at once and print the name'),
  );
  run.action(async (word: string, { namespace, detach }: NameOptions) => {
    const client = session.connect(run);
    const sinceMs = performance.now();
    const name = (await makeRun(client, toName(word), namespace)).metadata.name ?? '';
    if (detach === true) {
      session.out.write(`${name}\n`);
      return;
    }
    const look = { form: 'table', quiet: false, fold: false, raw: false } as const;
    await showWork({ session, client, plural: 'commandruns', namespace, name, sinceMs, ...look });
  });
};

const defineDelete = (command: Command, session: Session): void => {
  const remove = addNamespace(
    command
      .command('delete')
      .description('Delete schedules, and their runs with all results')
      .argument('<name...>'),
  );
  remove.action(async (names: string[], { namespace }: NameOptions) => {
    const client = session.connect(remove);
    for (const name of names.map(toName)) {
      await client.delete(schedules, name, { namespace });
      session.out.write(`${name} deleted\n`);
    }
  });
};

export const define = (command: Command, session: Session): void => {
  defineList(command, session);
  defineSuspend(command, session, 'suspend');
  defineSuspend(command, session, 'resume');
  defineRun(command, session);
  defineDelete(command, session);
};
