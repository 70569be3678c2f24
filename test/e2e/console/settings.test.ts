// The settings in a real browser: what the controller is, its keys and their change, certificates, retention.
import { spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

let ground: ConsoleGround;
beforeAll(async () => {
  if (!isConsoleSkipped) ground = await ConsoleGround.start();
});
afterAll(() => ground?.close());

const tabs = ['about', 'health', 'encryption', 'certificates', 'retention'] as const;

describe.skipIf(isConsoleSkipped)('the settings', () => {
  test.each(tabs)('the tab %s is whole', async (tab) => {
    await ground.open(`/settings/${tab}`);
    await ground.page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
    await ground.expectAccessible();
    await ground.picture(`settings-${tab}`);
    await ground.inChinese(`settings-${tab}`, '设置');
    ground.expectNoErrors();
  });

  test('tell the fingerprint that join lines pin, and hand out the certificate', async () => {
    await ground.open('/settings/about');
    const { caPem } = ground.controller.context;
    const pin = createHash('sha256').update(new X509Certificate(caPem).raw).digest('hex');
    const shown = ground.page.getByRole('textbox', { name: 'sha256 of the CA certificate' });
    await expect.poll(() => shown.inputValue(), { timeout: 20_000 }).toBe(pin);
    await ground.page.getByRole('link', { name: 'Download the CA certificate' }).waitFor();
    ground.expectNoErrors();
  });

  test('tell how the controller is, and what to do', async () => {
    await ground.open('/settings/health');
    const checks = ground.page.getByRole('grid', { name: 'Checks' });
    await checks.getByRole('row').filter({ hasText: 'disk' }).filter({ hasText: 'are free' }).waitFor();
    const backup = checks.getByRole('row').filter({ hasText: 'last backup' });
    await backup.filter({ hasText: 'may become wrong' }).filter({ hasText: '--backup-dir' }).waitFor();
    ground.expectNoErrors();
  });

  test('hand out a support bundle, and say what is in it and what is not', async () => {
    await ground.open('/settings/about');
    await ground.page.getByText('Not in it: Secrets, passwords, tokens').waitFor();
    const coming = ground.page.waitForEvent('download');
    const button = ground.page.getByRole('button', { name: 'Download a support bundle' });
    await button.click();
    const saved = await coming;
    expect(saved.suggestedFilename()).toMatch(/^drover-support-\d{8}T\d{6}Z\.tar\.gz$/);
    const listed = spawnSync('tar', ['tzf', await saved.path()], { encoding: 'utf8' });
    expect(listed.stderr).toBe('');
    expect(listed.stdout).toContain('/controller.log\n');
    await ground.page.getByText('The support bundle was downloaded').waitFor();
    await button.scrollIntoViewIfNeeded();
    await ground.picture('settings-support-bundle');
    ground.expectNoErrors();
  });

  test('change the data key while the controller serves', async () => {
    await ground.open('/settings/encryption');
    await ground.page.getByRole('button', { name: 'Change the keys' }).click();
    await ground.page.getByRole('dialog').getByRole('button', { name: 'Change the keys' }).click();
    const keys = ground.page.getByRole('grid', { name: 'Data keys' });
    await keys.getByRole('row').filter({ hasText: /^2/ }).filter({ hasText: 'in use' }).waitFor();
    ground.expectNoErrors();
  });

  test('change how long things are kept, and refuse what makes no sense in the words of the controller', async () => {
    await ground.open('/settings/retention');
    const row = ground.page
      .getByRole('grid', { name: 'Retention' })
      .getByRole('row')
      .filter({ hasText: 'Runs and transfers' });
    await row
      .filter({ hasText: '30 days' })
      .filter({ hasText: /\d+ runs?/ })
      .waitFor();
    await ground.page.getByRole('button', { name: 'Change how long things are kept' }).click();
    const dialog = ground.page.getByRole('dialog');
    const days = dialog.getByRole('group', { name: 'Runs and transfers' }).getByRole('spinbutton');
    await days.fill('0');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText(/spec\.work\.keepDays/).waitFor();
    expect(ground.forgetErrors()).toHaveLength(1);
    await days.fill('14');
    await ground.expectAccessible();
    await ground.picture('settings-retention-form');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.filter({ hasText: '14 days' }).waitFor();
    ground.expectNoErrors();
  });
});
