// Owns what becomes of the agents of a controller that is gone: they are told disconnected, by the leader, until they come to
// another one. Which of them have done so already the rows say: those belong to somebody else.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { pause } from '../../platform/pause.ts';
import type { Membership } from './membership.ts';

interface DeparturesDeps {
  readonly membership: Pick<Membership, 'gone' | 'onChange'>;
  readonly agents: {
    controllers(): Promise<readonly string[]>;
    disconnectAll(nowMs: number, controller: string): Promise<void>;
  };
  readonly clock: Clock;
  readonly log: Log;
}

const lookEveryMs = 5_000;

/** Runs until closed. */
export const runDepartures = ({ membership, agents, clock, log }: DeparturesDeps) => {
  const stop = new AbortController();
  let wake = new AbortController();
  const unsubscribe = membership.onChange(() => wake.abort());
  const look = async (): Promise<void> => {
    const controllers = await agents.controllers();
    for (const controller of membership.gone(controllers)) {
      // The database may have answered after another began to lead, who knows better.
      if (stop.signal.aborted) return;
      log.warn({ controller }, 'a controller is gone: its agents count as disconnected until they are back');
      await agents.disconnectAll(clock.nowMs(), controller);
    }
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      await look().catch((err: unknown) =>
        log.warn({ err }, 'cannot look for agents of controllers that are gone'),
      );
      await pause(lookEveryMs, AbortSignal.any([stop.signal, wake.signal]));
    }
  };
  const running = run();
  return {
    close: async (): Promise<void> => {
      stop.abort();
      unsubscribe();
      await running;
    },
  };
};
