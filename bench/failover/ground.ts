// Owns what fails over: three controllers on a pair of database servers, each reached by ways that can be cut, behind a balancer.
// I1: whatever is a controller's (its ports for people, agents and other controllers, its way to the database) goes through its relays.
import type { Endpoint } from '@drover/client';
import { type Balancer, type Door, startBalancer } from '../../test/harness/balancer.ts';
import type { ControllerProcess } from '../../test/harness/controller.ts';
import { Controllers } from '../../test/harness/controllers.ts';
import { PostgresPair } from '../../test/harness/postgres-pair.ts';
import { type Failing, type Relay, startRelay } from '../../test/harness/relay.ts';
import type { BenchContext } from '../bench.ts';

/** Where controllers are seen, in place of where they are. */
const outside = '127.0.0.2';

export interface Ground {
  readonly pair: PostgresPair;
  readonly controllers: readonly ControllerProcess[];
  readonly balancer: Balancer;
  /** Clients know the balancer only. */
  readonly endpoint: Endpoint;
  /** As agents see the first of them. */
  readonly seen: Pick<ControllerProcess, 'context'>;
  /** The network of one controller. */
  cut(index: number, how: Failing | undefined): void;
  /** The ways of all controllers to the database's server on that port. */
  cutDatabase(port: number, how: Failing | undefined): void;
  /** Through the balancer, for one client. */
  openWay(): Promise<{ readonly endpoint: Endpoint; readonly door: Door }>;
  idOf(index: number): string;
}

const count = 3;

const waysToDatabase = async (pair: PostgresPair, { defer }: BenchContext): Promise<readonly Relay[][]> => {
  const ways: Relay[][] = [];
  for (let index = 0; index < count; index++) {
    const own = await Promise.all(pair.ports.map((port) => startRelay({ to: { host: '127.0.0.1', port } })));
    ways.push(own);
  }
  defer(async () => void (await Promise.all(ways.flat().map((way) => way.close()))));
  return ways;
};

const waysIn = async (fleet: Controllers, { defer }: BenchContext): Promise<readonly Relay[][]> => {
  const open = (port: number): Promise<Relay> =>
    startRelay({ to: { host: '127.0.0.1', port }, host: outside, port });
  const ways = await Promise.all(
    fleet.all.map(({ port, agentPort }) => Promise.all([open(port), open(agentPort)])),
  );
  defer(async () => void (await Promise.all(ways.flat().map((way) => way.close()))));
  return ways;
};

export const openGround = async (
  context: BenchContext,
  ids: (dataDir: string) => string,
): Promise<Ground> => {
  const pair = await PostgresPair.start({ fsync: true, ownSession: true });
  context.defer(() => pair.drop());
  const toDatabase = await waysToDatabase(pair, context);
  const storeOf = (index: number): string => pair.urlBy((toDatabase[index] ?? []).map(({ port }) => port));
  // It ends when all that uses it has: it was deferred before.
  const place = { server: pair.server, schema: pair.schema, url: pair.url, drop: async () => undefined };
  const fleet = await Controllers.start(count, { place, storeOf, address: outside, ownSession: true });
  context.defer(() => fleet.close());
  const within = await waysIn(fleet, context);
  const behind = fleet.all.map(({ port }) => ({ host: outside, port }));
  const [first] = fleet.all;
  if (first === undefined) throw new Error('no controller was started');
  const { caPem, token } = first.context;
  const balancer = await startBalancer(behind, caPem);
  context.defer(() => balancer.close());
  return {
    pair,
    controllers: fleet.all,
    balancer,
    endpoint: { address: balancer.address, caPem, token },
    seen: { context: { caPem, token, address: `https://${outside}:${first.port}` } },
    cut: (index, how) => {
      for (const way of [...(toDatabase[index] ?? []), ...(within[index] ?? [])]) way.fail(how);
    },
    cutDatabase: (port, how) => {
      for (const ways of toDatabase) ways[pair.ports.indexOf(port)]?.fail(how);
    },
    openWay: async () => {
      const door = await balancer.openDoor();
      return { door, endpoint: { address: door.address, caPem, token } };
    },
    idOf: (index) => ids(fleet.all[index]?.dataDir ?? ''),
  };
};
