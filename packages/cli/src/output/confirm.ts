// Owns asking a person before something is lost. A program must say --yes.
import { createInterface } from 'node:readline/promises';
import { Failure, usageFailure } from '../failure.ts';
import type { Session } from '../session.ts';

/** Resolves when the person agrees. `what` names what will be lost. */
export const confirm = async (session: Session, what: string): Promise<void> => {
  if (session.input.isTTY !== true) throw usageFailure(`cannot ask whether to ${what}`, 'give --yes');
  const lines = createInterface({ input: session.input, output: process.stderr });
  try {
    const answer = await lines.question(`${what}. Go on? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('nothing was done');
  } finally {
    lines.close();
  }
};
