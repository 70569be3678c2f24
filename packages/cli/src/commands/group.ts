// drover group: people who get roles together.
import { groups } from '@drover/client';
import type { Command } from 'commander';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import type { Session } from '../session.ts';

const collect = (value: string, all: readonly string[]): string[] => [...all, value];

const addCreate = (command: Command, session: Session): void => {
  const make = command
    .command('create')
    .description('Make a group')
    .argument('<name>')
    .option('--member <user>', 'who is in it; may be repeated', collect, [])
    .option('--require-second-factor', 'a password alone is not to sign members in');
  make.action(
    async (name: string, options: { readonly member: string[]; readonly requireSecondFactor?: boolean }) => {
      await session.connect(make).create(groups, {
        apiVersion: 'drover.dev/v1alpha1',
        kind: 'Group',
        metadata: { name },
        spec: { members: options.member, requireSecondFactor: options.requireSecondFactor === true },
      });
      session.out.write(`${name} created\n`);
    },
  );
};

const addMembers = (command: Command, session: Session, word: 'add' | 'remove'): void => {
  const isAdd = word === 'add';
  const change = command
    .command(word)
    .description(isAdd ? 'Put users into a group' : 'Take users out of a group')
    .argument('<name>')
    .argument('<user...>');
  change.action(async (name: string, members: string[]) => {
    const client = session.connect(change);
    const known = await client.get(groups, name);
    const others = known.spec.members.filter((member) => !members.includes(member));
    const spec = { ...known.spec, members: isAdd ? [...others, ...members] : others };
    // With the version that was read: what somebody else changes meanwhile is not written over.
    await client.update(groups, name, { ...known, spec });
    session.out.write(`${name}: ${spec.members.length} members\n`);
  });
};

export const define = (command: Command, session: Session): void => {
  addCreate(command, session);
  const list = addListOptions(command.command('list').description('List groups'));
  list.action(async (options: ListOptions) => {
    await showList({ session, client: session.connect(list), kind: groups, options, noun: 'groups' });
  });
  addMembers(command, session, 'add');
  addMembers(command, session, 'remove');
  const remove = command.command('delete').description('Remove groups').argument('<name...>');
  remove.action(async (names: string[]) => {
    for (const name of names) {
      await session.connect(remove).delete(groups, name);
      session.out.write(`${name} deleted\n`);
    }
  });
};
