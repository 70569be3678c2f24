// What a page has shown stays while the controller is away, and comes up to date by itself: watches go on where they were cut,
// whatever store there is.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AgentProcess } from '../../harness/agents.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import {
  addresses,
  configs,
  type Drover,
  droverOf,
  fillPages,
  loadingOf,
} from '../../harness/console-pages.ts';
import type { PathProxy } from '../../harness/path-proxy.ts';

let ground: ConsoleGround;
let page: Page;
let proxy: PathProxy;
let dir: string;
let agent: AgentProcess | undefined;
let drover: Drover;

beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-resumption-'));
  ground = await ConsoleGround.start({ isProxied: true });
  page = ground.page;
  if (ground.proxy === undefined) throw new Error('the ground has no proxy');
  proxy = ground.proxy;
  drover = droverOf(ground, dir);
  agent = await fillPages(ground, drover, dir);
}, 120_000);
afterEach(() => {
  proxy?.cut(false);
  // Whatever became of requests was meant.
  ground?.forgetErrors();
});
afterAll(async () => {
  await agent?.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const main = () => page.getByRole('main');
const offline = () => page.getByText('The controller does not answer');
const head = (name: string) => page.getByRole('heading', { level: 1, name });
const row = (name: string) => main().getByRole('row').filter({ hasText: name });

const shows = async (path: string, name: string): Promise<void> => {
  await ground.open(path);
  await head(name).waitFor();
  await loadingOf(page).waitFor({ state: 'detached' });
};

const config = (name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });

describe.skipIf(isConsoleSkipped)('a page', () => {
  test.each(addresses)(
    '%s (%s) stays as it was while the controller is away, and goes on',
    async (path, name) => {
      const rows = () => main().getByRole('row').count();
      await shows(path, name);
      const before = await rows();
      proxy.cut(true);
      await offline().waitFor();
      expect(await rows()).toBeGreaterThanOrEqual(before);
      expect(await main().getByText('This could not be loaded').count()).toBe(0);
      proxy.cut(false);
      await offline().waitFor({ state: 'detached' });
      await head(name).waitFor();
      expect(await rows()).toBeGreaterThanOrEqual(before);
    },
  );

  test('shows by itself what came and what went while it was cut off', async () => {
    await drover(['apply', '-f', '-'], config('goes'));
    await shows(configs, 'ConfigMap');
    await row('goes').waitFor();
    proxy.cut(true);
    await offline().waitFor();
    await drover(['apply', '-f', '-'], config('comes'));
    await drover(['delete', 'configmaps', 'goes']);
    expect(await row('comes').count()).toBe(0);
    proxy.cut(false);
    await row('comes').waitFor();
    await row('goes').waitFor({ state: 'detached' });
    await row('kept').waitFor();
  });

  test('shows by itself what became of it while the controller was killed and started again', async () => {
    await shows(configs, 'ConfigMap');
    await row('kept').waitFor();
    await ground.controller.kill9();
    await offline().waitFor();
    await ground.controller.start();
    await drover(['apply', '-f', '-'], config('later'));
    await row('later').waitFor();
    await row('kept').waitFor();
  });
});
