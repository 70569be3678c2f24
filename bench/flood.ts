// Owns the benchmark of fairness: what one client's flood does to another's requests.
import { ControllerProcess } from '../test/harness/controller.ts';
import { openApi } from './api.ts';
import { runLoad } from './api-load/load.ts';
import { RawConnection } from './api-load/raw-http.ts';
import { type Bench, type BenchContext, round } from './bench.ts';

const flooders = 128;
const configMaps = '/api/v1/namespaces/default/configmaps';

interface Ground {
  readonly context: BenchContext;
  readonly controller: ControllerProcess;
}

/** A service account that may do everything, and its token. */
const makeAccount = async ({ context, controller }: Ground, name: string): Promise<string> => {
  const api = openApi(controller.context);
  context.defer(() => api.close());
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await api.json('POST', accounts, { metadata: { name } });
  await api.json('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: `bench-${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
  });
  const { status } = await api.json<{ readonly status: { readonly token: string } }>(
    'POST',
    `${accounts}/${name}/token`,
    { spec: { expirationSeconds: 3_600 } },
  );
  return status.token;
};

/** As many requests as 128 connections bear: every other one lists all nodes, the others write. Resolves to their number. */
const flood = async ({ controller }: Ground, token: string, signal: AbortSignal): Promise<number> => {
  let count = 0;
  const one = async (): Promise<void> => {
    const connection = await RawConnection.open({ ...controller.context, token });
    const object = JSON.stringify({ metadata: { generateName: 'flood-' } });
    while (!signal.aborted) {
      count += 1;
      const asked =
        count % 2 === 0 ? connection.ask('GET', '/api/v1/nodes') : connection.ask('POST', configMaps, object);
      // On a slow machine some wait too long and are told so; a flood does not care.
      await asked.catch((error: unknown) => {
        if (!String(error).includes(': 429 ')) throw error;
      });
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: flooders }, one));
  return count;
};

const run = async (context: BenchContext): Promise<void> => {
  const controller = await ControllerProcess.start({ ownSession: true });
  context.defer(() => controller.close());
  const ground = { context, controller };
  const nodes = context.quick ? 500 : 2_000;
  await runLoad(controller.context, 16, nodes, context.signal, (connection, number) =>
    connection.ask('POST', '/api/v1/nodes', JSON.stringify({ metadata: { name: `n${number}` } })),
  );
  const greedy = await makeAccount(ground, 'greedy');
  const modest = { ...controller.context, token: await makeAccount(ground, 'modest') };
  const count = context.quick ? 60 : 500;
  const measure = (signal: AbortSignal) =>
    runLoad(modest, 1, count, signal, (connection) =>
      connection.ask('GET', '/api/v1/namespaces/default/serviceaccounts/modest'),
    );
  await measure(context.signal);
  const alone = await measure(context.signal);
  const stop = new AbortController();
  const startMs = performance.now();
  const [during, asked] = await Promise.all([
    measure(context.signal).finally(() => stop.abort()),
    flood(ground, greedy, AbortSignal.any([stop.signal, context.signal])),
  ]);
  context.figure('floodPerSecond', round((asked * 1_000) / (performance.now() - startMs), 0));
  context.figure('aloneP50Ms', round(alone.p50Ms, 2));
  context.figure('aloneP99Ms', round(alone.p99Ms, 2));
  context.figure('duringP50Ms', round(during.p50Ms, 2));
  context.figure('duringP99Ms', round(during.p99Ms, 2));
  context.figure('p99Ratio', round(during.p99Ms / alone.p99Ms));
};

export const floodBench: Bench = {
  name: 'flood',
  explain:
    'One service account asks for itself over and over, alone and while another sends what 128 connections bear: lists of ' +
    '2,000 nodes (quick: 500) and durable creates. The bar: its p99 stays bounded, far below the time that the flood takes.',
  run,
};
