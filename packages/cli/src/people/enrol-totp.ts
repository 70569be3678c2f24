// Owns enrolling an authenticator app on a terminal.
import type { Session } from '../session.ts';

export interface Enrolment {
  readonly begin: () => Promise<{ readonly secret: string; readonly url: string }>;
  readonly confirm: (code: string) => Promise<{ readonly recoveryCodes: readonly string[] }>;
  readonly askCode: () => Promise<string>;
}

/** Shows what the app needs, asks for its first code, shows the recovery codes. */
export const enrolTotp = async (session: Session, steps: Enrolment): Promise<void> => {
  const { secret, url } = await steps.begin();
  session.note('Enter this in your app (or make a QR code of the second line):');
  session.out.write(`${secret}\n${url}\n`);
  const { recoveryCodes } = await steps.confirm(await steps.askCode());
  session.note('The app is enrolled. Keep these recovery codes; each signs you in once, without the app:');
  session.out.write(`${recoveryCodes.join('\n')}\n`);
};
