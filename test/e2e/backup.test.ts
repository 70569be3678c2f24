// A controller that is lost comes back from its backup: the same objects, and the agents without new enrolment.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@drover/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { Planted } from '../harness/planted.ts';
import { freshSchema, missingForPostgres } from '../harness/postgres.ts';
import { waitFor } from '../harness/wait.ts';

/** Where everything is: a directory, or a database. */
type Kind = 'SQLite' | 'PostgreSQL';

const isSkipped = (kind: Kind): boolean =>
  kind === 'PostgreSQL' && missingForPostgres() !== undefined && process.env['CI'] !== 'true';

const planted = new Planted();
const passphrase = planted.plant('the passphrase of the backups', 'correct horse battery staple');
let controller: ControllerProcess;
let agent: AgentProcess;
let dir: string;
const drops: (() => Promise<void>)[] = [];
let place: Awaited<ReturnType<typeof freshSchema>> | undefined;

const freshPlace = async (kind: Kind): Promise<typeof place> => {
  if (kind === 'SQLite') return undefined;
  const made = await freshSchema();
  drops.push(made.drop);
  return made;
};
const passphraseFile = (): string => join(dir, 'passphrase');

const drover = (args: readonly string[]) => cli(controller, args, { cwd: dir });
const must = async (args: readonly string[]): Promise<string> => {
  const done = await drover(args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout + done.stderr;
};

const begin = async (kind: Kind): Promise<void> => {
  dir = await mkdtemp(join(tmpdir(), 'drover-backup-'));
  await writeFile(passphraseFile(), `${passphrase}\n`, { mode: 0o600 });
  place = await freshPlace(kind);
  controller = await ControllerProcess.start({ store: place?.url ?? null });
  const token = /DROVER_TOKEN=(\S+)/.exec(await must(['token', 'create']))?.[1] ?? '';
  planted.plant('a join token', token.split('.')[1] ?? '');
  agent = new AgentProcess({ context: controller.context, token, name: 'n1', dir });
  await agent.join();
};

const end = async (): Promise<void> => {
  await agent?.close();
  await controller?.close();
  for (const drop of drops.splice(0)) await drop();
  await rm(dir, { recursive: true, force: true });
};

/** All that the controller has, but for the backups. */
const loseAll = async (): Promise<void> => {
  await controller.kill9();
  await rename(controller.dataDir, join(dir, 'lost'));
  await rm(controller.keyFile);
  if (place === undefined) return;
  await place.server.query(`DROP SCHEMA ${place.schema} CASCADE`);
  await place.server.query(`CREATE SCHEMA ${place.schema}`);
  await mkdir(controller.dataDir);
};

const words = (): readonly string[] => ['--passphrase-file', passphraseFile()];
const into = (dataDir: string, to: typeof place): readonly string[] => [
  ...['--data-dir', dataDir],
  ...(to === undefined ? [] : ['--store', to.url]),
  ...words(),
];

const digestIn = (text: string): string => /digest\s+([0-9a-f]{64})/.exec(text)?.[1] ?? '';

/** Makes something again and again until told to end; `acknowledged`: what the controller has answered for. */
class Maker {
  readonly acknowledged: string[] = [];
  #isGoing = true;
  readonly #going: Promise<void>;

  constructor(make: (index: number) => Promise<string>) {
    this.#going = (async () => {
      for (let index = 0; this.#isGoing; index++) this.acknowledged.push(await make(index));
    })();
  }

  end(): Promise<void> {
    this.#isGoing = false;
    return this.#going;
  }
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const commandRuns = '/apis/drover.dev/v1alpha1/namespaces/default/commandruns';
const namesOf = async (client: Client, path: string): Promise<ReadonlySet<string>> => {
  const { items } = await client.http.json<{ readonly items: readonly { metadata: { name: string } }[] }>({
    path,
  });
  return new Set(items.map(({ metadata }) => metadata.name));
};
const makeConfigMap = (client: Client) => async (index: number) => {
  const name = `made-${index}`;
  await client.http.json({ method: 'POST', path: configMaps, body: { metadata: { name } } });
  return name;
};
const makeRun = (client: Client) => async (index: number) => {
  const name = `made-${index}`;
  const spec = { argv: ['echo', 'x'.repeat(1_000)], targets: { nodeSet: 'n1' } };
  await client.http.json({ method: 'POST', path: commandRuns, body: { metadata: { name }, spec } });
  return name;
};

for (const kind of ['SQLite', 'PostgreSQL'] as const)
  describe.skipIf(isSkipped(kind))(`a controller on ${kind}`, () => {
    beforeAll(() => begin(kind));
    afterAll(end);

    test('a lost controller comes back: runs of before, the agent without enrolment, new runs on it', async () => {
      await waitFor('the agent', async () => (await drover(['run', '-n', 'n1', '--', 'true'])).code === 0);
      await must(['run', '-n', 'n1', '--', 'echo', 'before']);
      const busy = drover(['run', '-n', 'n1', '--', 'sh', '-c', 'for i in 1 2 3 4 5; do echo $i; done']);
      const made = await must(['backup', 'x.backup', ...words()]);
      await busy;
      await loseAll();

      expect(digestIn(await must(['backup', 'verify', 'x.backup', ...words()]))).toBe(digestIn(made));
      const restored = await must(['restore', 'x.backup', ...into(controller.dataDir, place)]);
      expect(digestIn(restored)).toBe(digestIn(made));

      await controller.start();
      await waitFor(
        'the agent to be back',
        async () => (await drover(['run', '-n', 'n1', '--', 'true'])).code === 0,
      );
      expect(await must(['get', 'commandruns', '-o', 'json'])).toContain('"before"');
      expect((await must(['get', 'nodes', '-o', 'name'])).trim().split('\n')).toHaveLength(1);
    });

    test('writers and runs go on while a backup is taken, and all that was acknowledged before is in its copy', async () => {
      const client = createClient(controller.context);
      const makers = [new Maker(makeConfigMap(client)), new Maker(makeRun(client))] as const;
      const counts = () => makers.map(({ acknowledged }) => acknowledged.length);
      await waitFor('something to lose', () => counts().every((count) => count > 50));
      const before = makers.map(({ acknowledged }) => [...acknowledged]);
      await must(['backup', 'busy.backup', ...words()]);
      const after = counts();
      for (const maker of makers) await maker.end();
      client.close();
      expect(after.every((count, index) => count > (before[index]?.length ?? 0))).toBe(true);

      const to = await freshPlace(kind);
      await must(['restore', 'busy.backup', ...into(join(dir, 'busy'), to)]);
      await mkdir(join(dir, 'busy'), { recursive: true });
      const copy = await ControllerProcess.start({ dataDir: join(dir, 'busy'), store: to?.url ?? null });
      const reader = createClient(copy.context);
      for (const [index, path] of [configMaps, commandRuns].entries()) {
        const there = await namesOf(reader, path);
        expect(
          before[index]?.filter((name) => !there.has(name)),
          path,
        ).toEqual([]);
      }
      reader.close();
      await copy.close();
    });

    test('a directory in use is refused, and a backup that was cut, with what to do', async () => {
      const busy = await drover(['restore', 'x.backup', ...into(controller.dataDir, place)]);
      expect([busy.code, busy.stderr]).toEqual([
        1,
        expect.stringMatching(/is using it; choose another --data-dir|controllers use it.*stop them first/),
      ]);
      const bytes = await readFile(join(dir, 'x.backup'));
      await writeFile(join(dir, 'cut.backup'), bytes.subarray(0, bytes.length - 20));
      const cut = await drover(['restore', 'cut.backup', ...into(join(dir, 'new'), await freshPlace(kind))]);
      expect([cut.code, cut.stderr]).toEqual([1, expect.stringMatching(/it ends early.*take another copy/)]);
      expect(await readdir(dir)).not.toContain('new');
    });

    test('nothing that was restored, refused or made tells the passphrase or a token', async () => {
      const client = createClient(controller.context);
      await client.makeBackup({ passphrase });
      await expect(client.makeBackup({ passphrase, key: passphrase })).rejects.toThrow('cannot back up');
      client.close();
      planted.plant('the token of the administrator', controller.context.token);
      expect(await planted.toldBy(controller, { agent: await agent.log() })).toEqual([]);
    });
  });
