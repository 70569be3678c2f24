// Owns the comparison of the API's durable creates with the least that Node.js can do on the same machine: what is between the two is
// the controller's, and above the floor no controller in Node.js comes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeOwnCertificate } from '../../test/harness/certificate.ts';
import { type AdminContext, ControllerProcess, nodeBinary } from '../../test/harness/controller.ts';
import { freePort } from '../../test/harness/ports.ts';
import { type Bench, type BenchContext, median, round } from '../bench.ts';
import { type CpuShares, withCpu } from './cpu.ts';
import { runLoad } from './load.ts';
import { clients, createOne } from './requests.ts';

interface Side {
  readonly name: 'floor' | 'controller';
  readonly pid: number;
  readonly context: AdminContext;
}

interface Turn extends CpuShares {
  readonly perSecond: number;
}

const startFloor = async ({ defer }: BenchContext): Promise<Side> => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-floor-'));
  defer(() => rm(dir, { recursive: true, force: true }));
  const { keyPem, certPem } = await makeOwnCertificate();
  const port = await freePort();
  const words = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'];
  const program = join(import.meta.dirname, '../floor-server.ts');
  const child = spawn(nodeBinary, [...words, program, dir, String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  defer(async () => {
    child.kill();
    await once(child, 'exit');
  });
  child.stdin.end(JSON.stringify({ key: keyPem, cert: certPem }));
  await once(child.stdout, 'data');
  const context = { address: `https://127.0.0.1:${port}`, caPem: certPem, token: 'none' };
  return { name: 'floor', pid: child.pid ?? 0, context };
};

const startController = async ({ defer }: BenchContext): Promise<Side> => {
  const controller = await ControllerProcess.start();
  defer(() => controller.close());
  return { name: 'controller', pid: controller.pid, context: controller.context };
};

const tell = ({ figure }: BenchContext, name: string, turns: readonly Turn[]): void => {
  const of = (what: keyof Turn): number => median(turns.map((turn) => turn[what]));
  figure(`${name}CreatePerSecond`, round(of('perSecond'), 0));
  figure(`${name}CpuMainMs`, round(of('main'), 3));
  figure(`${name}CpuOtherThreadsMs`, round(of('others'), 3));
  figure(`${name}CpuClientMs`, round(of('client'), 3));
};

const run = async (context: BenchContext): Promise<void> => {
  const [rounds, count] = context.quick ? [3, 1_000] : [9, 8_000];
  const sides = [await startFloor(context), await startController(context)];
  const turns = new Map<string, Turn[]>(sides.map(({ name }) => [name, []]));
  for (let turn = 0; turn <= rounds; turn++) {
    context.say(`round ${turn} of ${rounds}`);
    for (const { name, pid, context: to } of turn % 2 === 0 ? sides : sides.toReversed()) {
      const load = () =>
        runLoad(to, clients, count, context.signal, (connection, number) =>
          createOne(connection, turn * count + number),
        );
      const [{ perSecond }, shares] = await withCpu(pid, count, load);
      // The first compiles.
      if (turn > 0) turns.get(name)?.push({ perSecond, ...shares });
    }
  }
  for (const [name, measured] of turns) tell(context, name, measured);
  const ratios = (turns.get('controller') ?? []).map(
    ({ perSecond }, turn) => perSecond / (turns.get('floor')?.[turn]?.perSecond ?? Number.NaN),
  );
  context.figure('controllerToFloorRatio', round(median(ratios), 2));
};

export const apiFloor: Bench = {
  name: 'api-floor',
  explain:
    'Durable creates of 64 clients at a controller, and in turns with it at a server that does only what none can leave out: TLS, HTTP, JSON, a row ' +
    'in SQLite by group commit. Objects a second, processor time by thread, and the ratio (9 rounds; quick: 3).',
  run,
};
