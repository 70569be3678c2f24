// What pages show while they cannot show all: a controller that hangs, one that was killed, a session that has ended,
// a kind that may not be seen. Each goes on by itself, and nothing that was typed is lost.
import { type Client, configMaps, createClient } from '@drover/client';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { drover } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

const password = 'planted-states-4711';
const configs = '/kinds/core/v1/configmaps';
const silent = 'The controller does not answer';
let ground: ConsoleGround;
let page: Page;
let client: Client;

const must = async (args: readonly string[], input = ''): Promise<void> => {
  const done = await drover(ground.controller, args, { input });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
};
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
const hides = (text: string | RegExp) => page.getByText(text).first().waitFor({ state: 'detached' });
const row = (name: string) => page.getByRole('row', { name: new RegExp(name) });
const heading = (name: string, level: 1 | 2 = 1) => page.getByRole('heading', { level, name }).waitFor();
const make = (name: string) =>
  client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' } });
const signInAs = async (name: string): Promise<void> => {
  await page.getByLabel('User').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
};
const typeInto = async (name: string, typed: string): Promise<void> => {
  const editor = page.getByRole('textbox', { name: `YAML of ${name}` });
  await editor.getByText('a: "1"').click();
  await page.keyboard.press('End');
  await page.keyboard.type(typed);
  await editor.getByText(typed.trim()).waitFor();
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  ground = await ConsoleGround.start();
  page = ground.page;
  client = createClient(ground.controller.context);
});
// Whatever became of the controller was meant.
afterEach(() => ground?.forgetErrors());
afterAll(async () => {
  client?.close();
  await ground?.close();
});

describe.skipIf(isConsoleSkipped)('what cannot be shown', () => {
  test('is told while a killed controller is away; list and typed text are still there, and go on', async () => {
    await make('kept');
    await ground.open(`${configs}/name/default/kept/yaml`);
    await typeInto('kept', ' # typed');
    await page.getByRole('link', { name: 'Nodes', exact: true }).click();
    await heading('Nodes');
    await ground.controller.kill9();
    await shows(silent);
    await ground.expectAccessible();
    await ground.picture('states-offline');
    await ground.controller.start();
    await hides(silent);
    await page.goBack();
    await page.getByRole('textbox', { name: 'YAML of kept' }).getByText('# typed').waitFor();
    await ground.open(configs);
    await row('kept').waitFor();
    await ground.controller.kill9();
    await shows(silent);
    await row('kept').waitFor();
    await ground.controller.start();
    await hides(silent);
    await make('came-later');
    await row('came-later').waitFor();
  });

  test('is loading while a controller hangs, says so, and comes without a reload', async () => {
    await ground.open('/');
    await heading('Overview');
    process.kill(ground.controller.pid, 'SIGSTOP');
    try {
      await page.getByRole('link', { name: 'Explore the API' }).click();
      await page.getByRole('progressbar').first().waitFor();
      await shows(silent);
    } finally {
      process.kill(ground.controller.pid, 'SIGCONT');
    }
    await hides(silent);
    await heading('Explore the API');
    await page.getByRole('link', { name: 'ConfigMap', exact: true }).waitFor();
  });

  test('waits for a new sign-in when the session has ended, and leads back to the same address', async () => {
    for (const args of [
      ['create', 'ada'],
      ['passwd', 'ada'],
    ] as const)
      await must(['user', ...args], args[0] === 'passwd' ? `${password}\n` : '');
    await must(['group', 'create', 'all', '--member', 'ada']);
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'all' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'all' }],
    };
    await must(['apply', '-f', '-'], JSON.stringify(binding));
    await page.context().clearCookies();
    await page.goto(`/console${configs}?q=kept`);
    await signInAs('ada');
    await row('kept').waitFor();
    const ended = 'Your session has ended';
    await must(['user', 'disable', 'ada']);
    await shows(ended);
    await must(['user', 'enable', 'ada']);
    await row('kept').waitFor();
    await ground.expectAccessible();
    await ground.picture('states-session-ended');
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await signInAs('ada');
    await row('kept').waitFor();
    expect(new URL(page.url()).search).toBe('?q=kept');
  });

  test('is one kind only: the rest of the page is there, and the controller says why', async () => {
    await must(['user', 'create', 'eva']);
    await must(['user', 'passwd', 'eva'], `${password}\n`);
    const rule = { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] };
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'nodes-only' } };
    await must(['apply', '-f', '-'], JSON.stringify({ ...role, kind: 'ClusterRole', rules: [rule] }));
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'eva' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'nodes-only' };
    await must(
      ['apply', '-f', '-'],
      JSON.stringify({ ...role, kind: 'ClusterRoleBinding', roleRef, subjects }),
    );
    await page.context().clearCookies();
    await page.goto('/console/nodes');
    await signInAs('eva');
    await heading('Nodes');
    await ground.open('/events');
    await heading('You may not see this', 2);
    await shows(/"eva" cannot (list|watch) resource "events"/);
    await ground.expectAccessible();
    await ground.picture('states-forbidden');
  });
});
