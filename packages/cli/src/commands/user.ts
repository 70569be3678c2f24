// drover user: people - make, list, change and remove them, and how they sign in.
import { users } from '@drover/client';
import type { Command } from 'commander';
import { confirm } from '../output/confirm.ts';
import { parseSeconds } from '../output/units.ts';
import { showCredentials } from '../people/credential-table.ts';
import { askNewPassword, createAsk } from '../platform/ask.ts';
import { addListOptions, type ListOptions, showList } from '../resources/list.ts';
import type { Session } from '../session.ts';

interface CreateOptions {
  readonly displayName?: string;
  readonly email?: string;
  readonly requireSecondFactor?: boolean;
}

const addCreate = (command: Command, session: Session): void => {
  const make = command
    .command('create')
    .description('Make a user')
    .argument('<name>')
    .option('--display-name <text>', 'how people call them')
    .option('--email <address>', 'where they get mail')
    .option('--require-second-factor', 'a password alone is not to sign them in');
  make.action(async (name: string, options: CreateOptions) => {
    const { displayName, email, requireSecondFactor } = options;
    await session.connect(make).create(users, {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'User',
      metadata: { name },
      spec: {
        disabled: false,
        requireSecondFactor: requireSecondFactor === true,
        ...(displayName === undefined ? {} : { displayName }),
        ...(email === undefined ? {} : { email }),
      },
    });
    session.out.write(`${name} created\n`);
    session.note(`Next: a password (drover user passwd ${name}) or a link (drover user link ${name}).`);
  });
};

const addList = (command: Command, session: Session): void => {
  const list = addListOptions(command.command('list').description('List users'));
  list.action(async (options: ListOptions) => {
    await showList({ session, client: session.connect(list), kind: users, options, noun: 'users' });
  });
};

const addPassword = (command: Command, session: Session): void => {
  const change = command
    .command('passwd')
    .description("Set a user's password, or change your own; it is asked for, or read from standard input")
    .argument('[name]', 'absent: your own')
    .option('--remove', 'let the user sign in by other ways only');
  change.action(async (name: string | undefined, options: { readonly remove?: boolean }) => {
    const client = session.connect(change);
    const ask = createAsk(session);
    if (name === undefined) {
      const current = await ask.secret('Present password: ');
      await client.changePassword(current, await askNewPassword(session, ask, ''));
      session.out.write('password changed; your other sessions have ended\n');
    } else if (options.remove === true) {
      await client.removePassword(name);
      session.out.write(`${name} has no password any more\n`);
    } else {
      await client.setPassword(name, await askNewPassword(session, ask, ` of ${name}`));
      session.out.write(`password of ${name} set\n`);
    }
  });
};

/** On the controller's own machine we use an address that nobody else can: a link is for browsers elsewhere, too. */
const toLinkOrigin = (origin: string, address: string): string =>
  new URL(origin).hostname === '127.0.0.1' ? address : origin;

const addLink = (command: Command, session: Session): void => {
  const link = command
    .command('link')
    .description('Make a link that signs a user in once')
    .argument('<name>')
    .option('--expires <time>', 'valid for this long, at most 7d', '15m');
  link.action(async (name: string, options: { readonly expires: string }) => {
    const client = session.connect(link);
    const { path, address } = await client.createLink(name, parseSeconds(options.expires, '--expires'));
    session.note(
      `Whoever opens this within ${options.expires} is signed in as ${name}; it is shown only now:`,
    );
    session.out.write(`${toLinkOrigin(client.http.origin, address)}${path}\n`);
  });
};

const addSwitch = (command: Command, session: Session, word: 'disable' | 'enable'): void => {
  const disabled = word === 'disable';
  const turn = command
    .command(word)
    .description(disabled ? 'Shut users out; what they have open ends at once' : 'Let users in again')
    .argument('<name...>');
  turn.action(async (names: string[]) => {
    const client = session.connect(turn);
    for (const name of names) {
      await client.patch(users, name, { type: 'merge', body: { spec: { disabled } } });
      session.out.write(`${name} ${word}d\n`);
    }
  });
};

const addDelete = (command: Command, session: Session): void => {
  const remove = command
    .command('delete')
    .description('Remove users with their passwords, sessions, tokens and certificates')
    .argument('<name...>')
    .option('--yes', 'do not ask');
  remove.action(async (names: string[], options: { readonly yes?: boolean }) => {
    if (options.yes !== true)
      await confirm(session, `remove ${names.join(', ')} with passwords, sessions, tokens and certificates`);
    const client = session.connect(remove);
    for (const name of names) {
      await client.delete(users, name);
      session.out.write(`${name} deleted\n`);
    }
  });
};

interface SessionsOptions {
  readonly tokens?: boolean;
  readonly certificates?: boolean;
  readonly output?: string;
}

const addSessions = (command: Command, session: Session): void => {
  const list = command
    .command('sessions')
    .description('List where a user is signed in, or their API tokens or certificates')
    .argument('<name>')
    .option('--tokens', 'API tokens instead')
    .option('--certificates', 'client certificates instead')
    .option('-o, --output <form>', 'json, yaml or name');
  list.action(async (name: string, options: SessionsOptions) => {
    const kind = options.certificates ? 'certificate' : options.tokens ? 'token' : 'session';
    const items = (await session.connect(list).credentialsOf(name)).filter((one) => one.kind === kind);
    await showCredentials(session, kind, items, options.output);
  });
  const end = command
    .command('sign-out')
    .description('End all sessions of a user, and revoke their links, API tokens and certificates')
    .argument('<name>')
    .argument('[id]', 'only this session, token or certificate');
  end.action(async (name: string, id: string | undefined) => {
    await session.connect(end).revokeOf(name, id);
    session.out.write(id === undefined ? `${name} signed out everywhere\n` : `${id} revoked\n`);
  });
};

const addReset = (command: Command, session: Session): void => {
  const reset = command
    .command('reset-second-factor')
    .description("Take a user's app, recovery codes and passkeys away, when they are lost")
    .argument('<name>');
  reset.action(async (name: string) => {
    await session.connect(reset).resetSecondFactor(name);
    session.out.write(`${name} has no second factor any more\n`);
  });
};

export const define = (command: Command, session: Session): void => {
  addCreate(command, session);
  addList(command, session);
  addPassword(command, session);
  addLink(command, session);
  addSwitch(command, session, 'disable');
  addSwitch(command, session, 'enable');
  addDelete(command, session);
  addSessions(command, session);
  addReset(command, session);
};
