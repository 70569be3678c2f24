// drover session: where you are signed in yourself.
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { showCredentials } from '../people/credential-table.ts';
import type { Session } from '../session.ts';

export const define = (command: Command, session: Session): void => {
  const list = command
    .command('list')
    .description('List your sessions in browsers')
    .option('-o, --output <form>', 'json, yaml or name');
  list.action(async (options: { readonly output?: string }) => {
    const items = await session.connect(list).ownCredentials('session');
    await showCredentials(session, 'session', items, options.output);
  });
  const end = command
    .command('revoke')
    .description('End sessions of yours at once')
    .argument('[id...]')
    .option('--all', 'every one');
  end.action(async (ids: string[], options: { readonly all?: boolean }) => {
    const client = session.connect(end);
    if ((options.all === true) === ids.length > 0)
      throw usageFailure('cannot tell which sessions to end: give their ids, or --all');
    if (options.all === true) await client.revokeOtherSessions();
    for (const id of ids) await client.revokeOwn('session', id);
    session.out.write(options.all === true ? 'all revoked\n' : `${ids.join(', ')} revoked\n`);
  });
};
