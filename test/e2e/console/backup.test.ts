// Backups in a real browser: what to do where none are made by the clock, one made now, and how scheduled ones stand.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { controllerFile } from '../../harness/controller.ts';

const run = promisify(execFile);
const passphrase = 'correct horse battery staple';
let dir: string;

const look = async (ground: ConsoleGround, name: string): Promise<void> => {
  await ground.expectAccessible();
  await ground.picture(name);
};
/** As the page may fetch it. */
const backups = (ground: ConsoleGround): Promise<unknown> =>
  ground.page.evaluate("fetch('/backups').then((answer) => answer.json())");

const closing = async (ground: ConsoleGround | undefined): Promise<void> => {
  await ground?.close();
  await rm(dir, { recursive: true, force: true });
};

describe.skipIf(isConsoleSkipped)('a controller without scheduled backups', () => {
  let ground: ConsoleGround;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-console-backup-'));
    ground = await ConsoleGround.start();
  });
  afterAll(() => closing(ground));

  test('tells how to have them, and how to restore', async () => {
    await ground.open('/settings/backup');
    await ground.page.getByText('No backups are made by themselves').waitFor();
    const shown = ground.page.getByRole('textbox', { name: 'How to start the controller' });
    expect(await shown.inputValue()).toContain('--backup-dir /srv/backups');
    const restore = ground.page.getByRole('textbox', { name: 'Restore' });
    expect(await restore.inputValue()).toContain('drover restore');
    await look(ground, 'settings-backup-none');
    await ground.inChinese('settings-backup-none', '设置');
    ground.expectNoErrors();
  });

  test('makes one now: the passphrase is asked for twice, and what is downloaded opens with it', async () => {
    await ground.open('/settings/backup');
    await ground.page.getByRole('button', { name: 'Back up now' }).click();
    const dialog = ground.page.getByRole('dialog');
    await dialog.getByLabel(/^Passphrase(?!,)/).fill(passphrase);
    await dialog.getByLabel('Passphrase, once more').fill('another horse battery');
    await dialog.getByRole('button', { name: 'Back up', exact: true }).click();
    await dialog.getByText('The passphrase was not the same twice.').waitFor();
    await look(ground, 'settings-backup-dialog');
    await dialog.getByLabel('Passphrase, once more').fill(passphrase);
    const coming = ground.page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Back up', exact: true }).click();
    const file = await coming;
    expect(file.suggestedFilename()).toMatch(/^drover-\d{8}T\d{6}Z-r\d+\.backup$/);
    await file.saveAs(join(dir, 'x.backup'));
    await writeFile(join(dir, 'passphrase'), passphrase, { mode: 0o600 });
    const words = ['verify-backup', join(dir, 'x.backup'), '--passphrase-file', join(dir, 'passphrase')];
    expect((await run(controllerFile, words)).stdout).toContain('the backup is whole');

    const again = ground.page.waitForEvent('download');
    await ground.page.getByRole('link', { name: 'Download it again' }).click();
    await again;
    await look(ground, 'settings-backup-made');
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('a controller with scheduled backups', () => {
  let ground: ConsoleGround;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-console-backup-'));
    await writeFile(join(dir, 'key'), randomBytes(32), { mode: 0o600 });
    const where = ['--backup-dir', join(dir, 'backups'), '--backup-key-file', join(dir, 'key')];
    ground = await ConsoleGround.start({ args: [...where, '--backup-schedule', '* * * * *'] });
  });
  afterAll(() => closing(ground));

  test('shows when, where to, the last, the next, and the files', { timeout: 180_000 }, async () => {
    await expect
      .poll(() => backups(ground), { timeout: 90_000 })
      .toMatchObject({ schedule: { lastSuccess: { name: expect.stringContaining('.backup') } } });
    await ground.open('/settings/backup');
    const files = ground.page.getByRole('grid', { name: 'Files' });
    await files
      .getByText(/^drover-\d{8}T\d{6}Z-r\d+\.backup$/)
      .first()
      .waitFor();
    await ground.page.getByText('the newest 7 files').waitFor();
    await ground.page.getByText(join(dir, 'backups')).first().waitFor();
    await look(ground, 'settings-backup');
    await ground.inChinese('settings-backup', '设置');
    ground.expectNoErrors();
  });

  test('says why the last failed', { timeout: 180_000 }, async () => {
    await rename(join(dir, 'backups'), join(dir, 'away'));
    await expect
      .poll(() => backups(ground), { timeout: 90_000 })
      .toMatchObject({ schedule: { lastFailure: { message: expect.stringContaining('ENOENT') } } });
    await ground.open('/settings/backup');
    await ground.page.getByText(/cannot back up: .* cannot be written \(ENOENT\)/).waitFor();
    await look(ground, 'settings-backup-failed');
    ground.expectNoErrors();
  });
});
