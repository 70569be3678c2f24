// Backup and restore when things go wrong or are large: processes that are killed in the middle, and 100 MB of content.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Client, createClient } from '@drover/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryMib } from '../../bench/process-figures.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess, controllerFile } from '../harness/controller.ts';
import { freshSchema, missingForPostgres } from '../harness/postgres.ts';
import { waitFor } from '../harness/wait.ts';

const mib = 1 << 20;
const blobMib = 25;
const blobs = 4;
/** How much more memory 100 MB of content may take than none, wherever it lies: 5 MiB and 20 to 30 were measured. */
const mostMib = 40;
const key = randomBytes(32);

/** Where everything is: a directory, or a database. */
type Kind = 'SQLite' | 'PostgreSQL';

const isSkipped = (kind: Kind): boolean =>
  kind === 'PostgreSQL' && missingForPostgres() !== undefined && process.env['CI'] !== 'true';

type Place = Awaited<ReturnType<typeof freshSchema>> | undefined;

let dir: string;
let controller: ControllerProcess;
let place: Place;
const drops: (() => Promise<void>)[] = [];

const freshPlace = async (kind: Kind): Promise<Place> => {
  if (kind === 'SQLite') return undefined;
  const made = await freshSchema();
  drops.push(made.drop);
  return made;
};
const keyFile = (): string => join(dir, 'key');

const must = async (args: readonly string[]): Promise<string> => {
  const done = await cli(controller, args, { cwd: dir });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout + done.stderr;
};
const withClient = async <T>(use: (client: Client) => Promise<T>): Promise<T> => {
  const client = createClient(controller.context);
  return use(client).finally(() => client.close());
};

/** Random, so that nothing can be packed. */
const uploadBlob = async (client: Client): Promise<void> => {
  const file = join(dir, 'blob');
  const data = randomBytes(blobMib * mib);
  await writeFile(file, data);
  const sha256 = createHash('sha256').update(data).digest('hex');
  const read = (start: number) => createReadStream(file, { start });
  await client.content.upload({ sizeBytes: data.length, sha256, read });
};

const begin = async (kind: Kind): Promise<void> => {
  dir = await mkdtemp(join(tmpdir(), 'drover-faults-'));
  await writeFile(keyFile(), key, { mode: 0o600 });
  place = await freshPlace(kind);
  controller = await ControllerProcess.start({ store: place?.url ?? null });
  await must(['backup', 'small.backup', '--key-file', keyFile()]);
  await withClient(async (client) => {
    for (let i = 0; i < blobs; i++) await uploadBlob(client);
  });
};

const end = async (): Promise<void> => {
  await controller?.close();
  for (const drop of drops.splice(0)) await drop();
  await rm(dir, { recursive: true, force: true });
};

/** Resolves once some of a backup is written there, and it is not yet whole. */
const inTheMiddle = (folder: string, timeoutMs?: number) =>
  waitFor(
    `some of a backup in ${folder}`,
    async () => {
      const part = (await readdir(folder)).find((name) => name.endsWith('.part'));
      return part !== undefined && (await stat(join(folder, part))).size > 4 * mib;
    },
    timeoutMs,
  );

const wordsTo = (file: string, to: string, store: Place): readonly string[] => [
  ...['restore', join(dir, file), '--data-dir', join(dir, to), '--key-file', keyFile()],
  ...(store === undefined ? [] : ['--store', store.url]),
];

const restore = (file: string, to: string, store: Place, env: Readonly<Record<string, string>> = {}) => {
  const words = wordsTo(file, to, store);
  return spawn(controllerFile, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
};

/** Its highest resident memory in MiB, as the process itself tells at its end. */
const restorePeakMib = async (file: string, to: string, store: Place): Promise<number> => {
  const tell = "process.on('exit',()=>process.stderr.write('maxrss='+process.resourceUsage().maxRSS))";
  const child = restore(file, to, store, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}`,
  });
  const said = await text(child.stderr);
  return Number(/maxrss=(\d+)/.exec(said)?.[1]) / 1024;
};

/** How many files there are, or rows of them. */
const contentOf = async (name: string, store: Place): Promise<number> => {
  if (store === undefined) return (await readdir(join(dir, name, 'blobs'), { recursive: true })).length;
  const [row] = await store.server
    .query(`SELECT count(*)::int AS n FROM ${store.schema}.piece`)
    .catch(() => [{ n: 0 }]);
  return Number(row?.['n']);
};

/** What a killed restore leaves is nothing that could be used. */
const expectHalf = async (name: string, store: Place): Promise<void> => {
  if (store === undefined) {
    expect(await readdir(dir)).toContain(`${name}.restoring`);
    expect(await readdir(dir)).not.toContain(name);
    return;
  }
  const words = ['--data-dir', join(dir, 'none'), '--store', store.url, '--port', '0', '--agent-port', '0'];
  const child = spawn(controllerFile, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  expect(await text(child.stderr)).toContain('did not come to its end');
};

for (const kind of ['SQLite', 'PostgreSQL'] as const)
  describe.skipIf(isSkipped(kind))(`on ${kind}`, () => {
    beforeAll(() => begin(kind));
    afterAll(end);

    test('100 MB of content: the controller that backs it up needs no more memory for it', async () => {
      // The highest counts anew from here on (proc(5)).
      await writeFile(`/proc/${controller.pid}/clear_refs`, '5');
      const before = await memoryMib(controller.pid);

      await must(['backup', 'large.backup', '--key-file', keyFile()]);

      expect((await stat(join(dir, 'large.backup'))).size).toBeGreaterThan(blobs * blobMib * mib);
      const { peak } = await memoryMib(controller.pid);
      expect(peak).toBeGreaterThan(0);
      expect(peak - before.now).toBeLessThan(mostMib);
    });

    test('100 MB of content: the restore needs no more memory for it', async () => {
      const small = await restorePeakMib('small.backup', 'small', await freshPlace(kind));
      const to = await freshPlace(kind);
      const large = await restorePeakMib('large.backup', 'large', to);

      expect(small).toBeGreaterThan(10);
      expect(large - small).toBeLessThan(mostMib + 20);
      expect(await contentOf('large', to)).toBeGreaterThan(blobs);
    });

    test('kill -9 of a restore in the middle: nothing has the name, and the next restore works', async () => {
      const to = await freshPlace(kind);
      const child = restore('large.backup', 'copy', to);
      const ended = new Promise((resolve) => child.once('close', resolve));
      await waitFor('some of its content', async () => (await contentOf('copy.restoring', to)) > 2);
      child.kill('SIGKILL');
      await ended;
      await expectHalf('copy', to);

      await must(wordsTo('large.backup', 'copy', to));

      expect(await readdir(dir)).not.toContain('copy.restoring');
      await mkdir(join(dir, 'copy'), { recursive: true });
      const copy = await ControllerProcess.start({ dataDir: join(dir, 'copy'), store: to?.url ?? null });
      await copy.close();
    });

    test('kill -9 of the controller in the middle of a backup: the next start is clean, and the next backup whole', async () => {
      const staging = join(controller.dataDir, 'staging');
      const cut = withClient((client) => client.makeBackup({ key: key.toString('base64') })).catch(
        () => 'cut',
      );
      await inTheMiddle(staging);
      await controller.kill9();
      expect(await cut).toBe('cut');
      expect(await readdir(staging)).toHaveLength(1);

      await controller.start();

      expect(await readdir(staging)).toEqual([]);
      await must(['backup', 'next.backup', '--key-file', keyFile()]);
      await must(['backup', 'verify', 'next.backup', '--key-file', keyFile()]);
    });

    test('kill -9 in the middle of a scheduled backup: the next start clears it away and makes that backup', {
      timeout: 240_000,
    }, async () => {
      await controller.stop();
      const folder = join(dir, 'backups');
      await mkdir(folder);
      const words = [
        '--backup-dir',
        folder,
        '--backup-key-file',
        keyFile(),
        '--backup-schedule',
        '* * * * *',
      ];
      const scheduled = await ControllerProcess.start({
        dataDir: controller.dataDir,
        args: words,
        store: place?.url ?? null,
      });
      try {
        await inTheMiddle(folder, 90_000);
        await scheduled.kill9();
        const left = await readdir(folder);
        expect(left).toEqual([expect.stringMatching(/^\.drover-.*\.part$/)]);
        await scheduled.start();

        const isBackup = (name: string): boolean => name.endsWith('.backup');
        const made = await waitFor(
          'the backup',
          async () => (await readdir(folder)).find(isBackup),
          90_000, // another 100 MB, on a machine that may be busy
        );
        expect(await readdir(folder)).not.toContain(left[0]);
        await must(['backup', 'verify', join(folder, made), '--key-file', keyFile()]);
        const client = createClient(scheduled.context);
        await waitFor('it to be told', async () =>
          (await client.backups()).files.some(({ name }) => name === made),
        );
        const figures = await text(client.http.bytes({ path: '/metrics', accept: '*/*' }));
        expect(figures).toMatch(/^drover_backup_last_success_timestamp_seconds [1-9]/m);
        client.close();
        const trail = await cli(scheduled, ['audit', 'list', '--resource', 'backups', '-o', 'json'], {
          cwd: dir,
        });
        expect(trail.stdout).toContain(made);
      } finally {
        await scheduled.close();
      }
    });
  });
