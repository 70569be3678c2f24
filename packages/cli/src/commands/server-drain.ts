// drover server drain: the controller stops once everybody whom it serves has gone.
import { setTimeout as wait } from 'node:timers/promises';
import type { DrainStatus } from '@drover/api';
import { type Client, isUnreachable } from '@drover/client';
import type { Command } from 'commander';
import { createProgressLine } from '../output/progress-line.ts';
import type { Session } from '../session.ts';

const pollMs = 250;
/** No answer in this time: it is gone. */
const answerMs = 3_000;

const toProgress = ({ state, left }: DrainStatus): string => {
  const there = Object.entries(left).filter(([, count]) => count > 0);
  return `${state}: ${there.map(([what, count]) => `${count} ${what}`).join(', ') || 'nobody is left'}`;
};

/** Undefined once it does not answer any more. */
const ask = (client: Client): Promise<DrainStatus | undefined> =>
  client.drainStatus({ signal: AbortSignal.timeout(answerMs) }).catch((error: unknown) => {
    if (isUnreachable(error) || (error instanceof Error && error.name === 'TimeoutError')) return undefined;
    throw error;
  });

/** Until it has stopped, or another has taken its place. */
const follow = async (client: Client, first: DrainStatus, session: Session): Promise<void> => {
  let status: DrainStatus | undefined = first;
  const line = createProgressLine(session.err, () => toProgress(status ?? first));
  try {
    while (status !== undefined && status.state !== 'serving') {
      line.update();
      await wait(pollMs);
      status = await ask(client);
    }
  } finally {
    line.close();
  }
};

const drain = async (
  { detach }: { readonly detach?: boolean },
  command: Command,
  session: Session,
): Promise<void> => {
  const client = session.connect(command);
  const status = await client.drain();
  if (detach === true) {
    const seconds = status.delaySeconds + status.timeoutSeconds;
    session.note(`the controller is ${status.state}; it stops within ${seconds} s`);
    return;
  }
  await follow(client, status, session);
  session.out.write('the controller has stopped\n');
};

export const defineDrain = (command: Command, session: Session): void => {
  const one = command
    .command('drain')
    .description(
      'Have the controller stop in order: what is under way is answered, watches, terminals and agents go elsewhere',
    )
    .option('--detach', 'do not wait until it has stopped');
  one.action((options: { detach?: boolean }) => drain(options, one, session));
};
