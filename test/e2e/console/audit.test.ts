// The audit trail and recorded terminals in a real browser, of a real controller with a real agent.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../../harness/agents.ts';
import { drover } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { Pty } from '../../harness/pty.ts';
import { waitFor } from '../../harness/wait.ts';

let ground: ConsoleGround;
let dir: string;
let agent: AgentProcess;

const must = async (...args: readonly string[]): Promise<string> => {
  const done = await drover(ground.controller, args, { cwd: dir });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

/** Somebody opens a terminal, sees a word, and leaves. */
const recordTerminal = async (): Promise<void> => {
  const pty = Pty.drover(
    ground.controller,
    'shell',
    'n1',
    '--',
    'sh',
    '-c',
    'echo planted-word; sleep 1; echo end',
  );
  await pty.shows(/end/);
  await pty.ended;
  pty.close();
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  ground = await ConsoleGround.start();
  dir = await mkdtemp(join(tmpdir(), 'drover-console-audit-'));
  const token = /DROVER_TOKEN=(\S+)/.exec(await must('token', 'create', '-o', 'json'))?.[1] ?? '';
  agent = new AgentProcess({ context: ground.controller.context, token, name: 'n1', dir });
  await agent.join();
  await waitFor('the agent to be ready', async () => /\bReady\b/.test(await must('nodes')), 60_000);
  await recordTerminal();
}, 120_000);
afterAll(async () => {
  await agent?.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const button = (name: string | RegExp) =>
  ground.page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
const rows = () => ground.page.getByRole('grid', { name: 'Audit trail' }).getByRole('row');
const heading = (name: string) => ground.page.getByRole('heading', { level: 1, name }).waitFor();

describe.skipIf(isConsoleSkipped)('the audit trail', () => {
  test('is whole in every language and appearance', async () => {
    await ground.open('/audit');
    await rows().nth(1).waitFor();
    await ground.expectAccessible();
    await ground.picture('audit');
    await ground.inChinese('audit', '审计');
    ground.expectNoErrors();
  });

  test('is narrowed by what stands in the address, and a row is shown whole and linked to', async () => {
    await ground.open('/audit');
    await ground.page.getByRole('combobox', { name: 'Resource', exact: true }).fill('nodes/shell');
    await expect.poll(() => ground.page.url(), { timeout: 20_000 }).toContain('resource=nodes%2Fshell');
    await rows().filter({ hasText: 'nodes/shell n1' }).first().waitFor();
    expect(await rows().filter({ hasNotText: 'nodes/shell' }).count()).toBe(1);
    await button(/^Show row/)
      .first()
      .click();
    await ground.page.getByText('planted-word').first().waitFor();
    await ground.picture('audit-row');
    await ground.expectAccessible();
    await ground.page.reload();
    await ground.page.getByRole('heading', { name: /^Row \d+/ }).waitFor();
    ground.expectNoErrors();
  });

  test('grows while it is followed, and tells who was denied', async () => {
    await ground.open('/audit?follow=1&denied=1');
    await button('Clear the filter').first().waitFor();
    const { token } = ground.controller.context;
    const headers = { authorization: `Bearer ${token}`, 'impersonate-user': 'eve' };
    const path = '/api/v1/nodes/n1';
    expect((await ground.page.request.delete(path, { headers, ignoreHTTPSErrors: true })).status()).toBe(403);
    await rows().filter({ hasText: 'as eve' }).first().waitFor();
    await rows().filter({ hasText: 'Denied' }).first().waitFor();
    ground.expectNoErrors();
  });

  test('is verified in words, and exported as it is filtered', async () => {
    await ground.open('/audit?resource=nodes/shell');
    await button('Verify the chain').click();
    await ground.page.getByText('The audit trail is whole').waitFor();
    const [file] = await Promise.all([ground.page.waitForEvent('download'), button('Export').click()]);
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n');
    const exported = lines.map((line) => JSON.parse(line) as { resource: string; subresource: string });
    expect(exported.length).toBeGreaterThan(0);
    for (const one of exported) expect(one).toMatchObject({ resource: 'nodes', subresource: 'shell' });
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('recorded terminals', () => {
  const screen = () => ground.page.getByRole('region', { name: 'Recorded terminal', exact: true });

  test('are listed', async () => {
    await ground.open('/recordings');
    await ground.page.getByRole('link', { name: /^Replay the terminal of admin on n1/ }).waitFor();
    await ground.expectAccessible();
    await ground.picture('recordings');
    await ground.inChinese('recordings', '终端录像');
    ground.expectNoErrors();
  });

  test('are replayed by button and by keyboard', async () => {
    await ground.open('/recordings');
    await ground.page
      .getByRole('link', { name: /^Replay the terminal/ })
      .first()
      .click();
    await heading('admin on n1');
    await button('Play').click();
    await screen().getByText('planted-word').waitFor();
    await screen().getByText('end', { exact: true }).waitFor();
    await button('Play').waitFor();
    await ground.picture('recording');
    await ground.expectAccessible();
    await screen().focus();
    await ground.page.keyboard.press('Home');
    await expect.poll(() => screen().getByText('planted-word').count(), { timeout: 20_000 }).toBe(0);
    await ground.page.keyboard.press('ArrowUp');
    await expect
      .poll(() => ground.page.getByRole('combobox', { name: 'Speed' }).inputValue(), { timeout: 20_000 })
      .toBe('2');
    await ground.page.keyboard.press('ArrowRight');
    await screen().getByText('planted-word').waitFor();
    ground.expectNoErrors();
  });

  test('one that is not there is told', async () => {
    await ground.open('/recordings/nothing');
    await ground.page
      .getByText(/cannot/)
      .first()
      .waitFor();
    ground.forgetErrors(); // the browser notes the 404
  });
});
