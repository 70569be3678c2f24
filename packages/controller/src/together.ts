// Owns how this controller stands among others: alone with the embedded store, one of several equal ones on PostgreSQL (adr/0018).
import type { Config } from './config.ts';
import { runDepartures } from './controllers/membership/departures.ts';
import { type Member, openMembership } from './controllers/membership/membership.ts';
import type { NodeController } from './controllers/node/controller.ts';
import type { Clock } from './platform/clock.ts';
import type { Closers } from './platform/closers.ts';
import { type Leadership, leadAlone } from './platform/leadership.ts';
import type { Log } from './platform/log.ts';
import { ownVersion } from './platform/version.ts';
import type { Resources } from './resources/resources.ts';
import type { Store } from './store/store.ts';

export interface Together {
  readonly leadership: Leadership;
  /** Those that are alive, this one among them. */
  members(): readonly Member[];
  /** Whether this controller looks after the node of an agent that is, or was last, connected to `controller`; undefined: to none. */
  minds(controller: string | undefined): boolean;
  /** https://host:port of the other controller that the node's agent is connected to; undefined: to none that is alive. */
  elsewhere(node: string): Promise<string | undefined>;
  /** Who minds what may have changed: to be looked at by this one. */
  follow(nodes: Pick<NodeController, 'lookAtAll'>): Promise<void>;
  /** It serves: from now on it may lead. */
  serves(): Promise<void>;
}

interface TogetherDeps {
  readonly resources: Resources;
  readonly store: Pick<Store, 'agents'>;
  /** Id of this controller. */
  readonly controller: string;
  /** Where others reach it. */
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly closers: Closers;
}

const alone = ({ controller, address, log, closers }: TogetherDeps): Together => {
  const leadership = leadAlone(log);
  return {
    leadership,
    members: () => [{ controller, address, version: ownVersion, leads: true }],
    minds: () => true,
    elsewhere: async () => undefined,
    follow: async () => void closers.add(leadership),
    serves: async () => undefined,
  };
};

export const standTogether = async ({ store: url }: Config, deps: TogetherDeps): Promise<Together> => {
  const { resources, store, controller, address, clock, log, closers } = deps;
  if (url === undefined) return alone(deps);
  const self = { controller, address, version: ownVersion };
  const membership = closers.add(await openMembership({ resources, ...self, clock, log }));
  const { leadership } = membership;
  const minds: Together['minds'] = (of) =>
    of === controller || (leadership.isLeading && (of === undefined || !membership.isAlive(of)));
  return {
    leadership,
    minds,
    members: () => membership.members(),
    elsewhere: async (node) => {
      const agent = await store.agents.get(node);
      if (agent?.connected !== true || agent.controller === controller) return undefined;
      return membership.addressOf(agent.controller);
    },
    serves: () => membership.compete(),
    follow: async (nodes) => {
      // What the leader runs ends before the rest does; the leases are given up last.
      closers.add({ close: () => membership.retire() });
      const unsubscribe = membership.onChange(() => nodes.lookAtAll());
      closers.add({ close: unsubscribe });
      await leadership.during(() => runDepartures({ membership, agents: store.agents, clock, log }));
      await leadership.during(() => {
        nodes.lookAtAll();
        return { close: () => undefined };
      });
    },
  };
};
