// drover server doctor on the directory of a healthy controller, and on installations that are really broken, one fault each.
import { chmod, mkdir, rename } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Check } from '@drover/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { SmallDisk } from '../harness/small-disk.ts';

let controller: ControllerProcess;
const drover = (...args: readonly string[]): Promise<CliResult> => cli(controller, args);
const doctor = (...more: readonly string[]): Promise<CliResult> =>
  drover(
    ...['server', 'doctor', '--data-dir', controller.dataDir, '--port', String(controller.port)],
    ...['--agent-port', String(controller.agentPort), ...more],
  );
const at = (name: string): string => join(controller.dataDir, name);

describe('a controller that answers', () => {
  beforeAll(async () => {
    controller = await ControllerProcess.start();
  });
  afterAll(() => controller?.close());

  test('is found healthy, its directory too', async () => {
    const { code, stdout } = await doctor();
    expect([code, stdout]).toEqual([0, expect.not.stringMatching(/^fail/m)]);
    expect(stdout).toMatch(new RegExp(`process +process ${controller.pid} \\(.*\\) works on`));
    expect(stdout).toMatch(/^warn +last backup +no backups are made by the clock\n +-> .*--backup-dir/m);
  });

  test('is healthy, and others may read its database: that is found', async () => {
    await chmod(at('drover.db'), 0o644);
    const { code, stdout } = await doctor();
    await chmod(at('drover.db'), 0o600);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^fail +modes .*drover\.db\n.*chmod o-rwx/m)]);
  });
});

describe('a controller that does not answer', () => {
  beforeAll(async () => {
    controller = await ControllerProcess.start();
    await controller.kill9();
  });
  afterAll(() => controller?.close());

  const failed = async (...more: readonly string[]): Promise<readonly Check[]> => {
    const { code, stdout } = await doctor('-o', 'json', ...more);
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
    expect(code).toBe(1);
    return checks.filter(({ verdict, name }) => verdict === 'fail' && name !== 'controller');
  };

  test('with nothing wrong on its machine it is said to be away: exit code 3', async () => {
    const alone = await drover('server', 'doctor');
    expect([alone.code, alone.stdout]).toEqual([3, expect.stringContaining('it does not answer')]);
    const { code, stdout } = await doctor();
    expect([code, stdout]).toEqual([3, expect.stringMatching(/^warn +process +no controller works on/m)]);
    expect(stdout).toContain('and its pages are whole');
  });

  test('its port is taken by another program, which is named', async () => {
    const other = await new Promise<Server>((resolve) => {
      const server = createServer().listen(controller.port, '127.0.0.1', () => resolve(server));
    });
    const found = await failed();
    other.close();
    expect(found).toEqual([expect.objectContaining({ name: 'ports', verdict: 'fail' })]);
    expect(found[0]?.message).toContain(`--port ${controller.port} is taken by process ${process.pid}`);
  });

  test('its database is newer than this program', async () => {
    const database = new DatabaseSync(at('drover.db'));
    const before = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    database.exec('PRAGMA user_version = 999');
    const found = await failed();
    database.exec(`PRAGMA user_version = ${before}`);
    database.close();
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining('schema 999')]);
  });

  test('its keyring is gone, or the key that opens it', async () => {
    await rename(at('keys/secrets.json'), at('keys/away'));
    const [keyring] = await failed();
    await rename(at('keys/away'), at('keys/secrets.json'));
    expect(keyring?.message).toContain('keys/secrets.json is missing');
    await rename(controller.keyFile, `${controller.keyFile}.away`);
    const [key] = await failed();
    const named = await doctor('--secrets-key-file', `${controller.keyFile}.away`);
    await rename(`${controller.keyFile}.away`, controller.keyFile);
    expect([key?.name, key?.message]).toEqual(['secrets', expect.stringContaining('it is not there')]);
    expect(named.code).toBe(3);
  });

  test('its certificate has expired', async () => {
    const database = new DatabaseSync(at('drover.db'));
    database.exec("UPDATE certificate SET not_after_ms = not_before_ms + 1 WHERE subject = 'server'");
    database.close();
    const found = await failed();
    expect(found.map(({ message }) => message)).toEqual([
      expect.stringContaining('that of the server expired on'),
    ]);
  });

  test('its database is damaged, or there is none', async () => {
    await rename(at('drover.db'), at('away'));
    const names = (await failed()).map(({ name }) => name);
    const nowhere = await drover('server', 'doctor', '--data-dir', at('nowhere'));
    await rename(at('away'), at('drover.db'));
    expect(names).toContain('database');
    expect([nowhere.code, nowhere.stdout]).toEqual([1, expect.stringContaining('nowhere is not there')]);
  });
});

const canMount = process.getuid?.() === 0 || process.env['CI'] === 'true';

test.skipIf(!canMount)('a full disk is found, whoever filled it', async () => {
  const disk = new SmallDisk(300);
  try {
    await mkdir(join(disk.path, 'data'));
    controller = await ControllerProcess.start({ dataDir: join(disk.path, 'data') });
    await controller.stop();
    disk.fill();
    const { code, stdout } = await doctor();
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^fail +disk +it is full: 0 of \d+ MiB/m)]);
  } finally {
    await controller?.close();
    disk.close();
  }
});
