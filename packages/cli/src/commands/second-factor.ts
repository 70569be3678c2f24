// drover second-factor: an authenticator app and recovery codes of yours.
import type { Command } from 'commander';
import { enrolTotp } from '../people/enrol-totp.ts';
import { createAsk } from '../platform/ask.ts';
import type { Session } from '../session.ts';

export const define = (command: Command, session: Session): void => {
  const enrol = command
    .command('enrol')
    .description('Enrol an app, in place of the one before; makes new recovery codes');
  enrol.action(async () => {
    const client = session.connect(enrol);
    const ask = createAsk(session);
    const password = await ask.secret('Your password: ');
    await enrolTotp(session, {
      begin: () => client.beginTotp(password),
      confirm: (code) => client.confirmTotp(code),
      askCode: () => ask.secret('Code of the app: '),
    });
  });
  const remove = command.command('remove').description('Take app and recovery codes away');
  remove.action(async () => {
    const client = session.connect(remove);
    await client.removeTotp(await createAsk(session).secret('Your password: '));
    session.out.write('you have no second factor any more\n');
  });
};
