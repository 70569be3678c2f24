// A browser at several controllers behind one address: somebody who has signed in at one is known by the others, and a page
// goes on when the one that it talked to is killed.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, configMaps, createClient } from '@drover/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Balancer, startBalancer } from '../../harness/balancer.ts';
import { Chromium, pinOf } from '../../harness/chromium.ts';
import { isConsoleSkipped } from '../../harness/console.ts';
import { Controllers } from '../../harness/controllers.ts';
import { missingForPostgres } from '../../harness/postgres.ts';
import { waitFor } from '../../harness/wait.ts';

const isSkipped = isConsoleSkipped || (missingForPostgres() !== undefined && process.env['CI'] !== 'true');
let fleet: Controllers;
let clients: readonly Client[];
let balancer: Balancer;
let chromium: Chromium;
let page: Page;

const make = (by: Client | undefined, name: string) =>
  by?.create(configMaps, { metadata: { name, namespace: 'default' }, data: { a: '1' } });
const shown = (name: string) => page.getByRole('link', { name, exact: true }).waitFor();
const kill = async (index: number): Promise<void> => {
  await fleet.all[index]?.kill9();
  await waitFor('the balancer to leave it out', () => !balancer.isUp(index));
};
const restart = async (index: number): Promise<void> => {
  await fleet.all[index]?.start();
  await waitFor('the balancer to take it in', () => balancer.isUp(index));
};

beforeAll(async () => {
  if (isSkipped) return;
  fleet = await Controllers.start(2);
  clients = fleet.all.map(({ context }) => createClient(context));
  const [first, second] = fleet.all.map(({ context }) => context);
  if (first === undefined || second === undefined) throw new Error('two controllers were asked for');
  balancer = await startBalancer(
    fleet.all.map(({ port }) => ({ host: '127.0.0.1', port })),
    first.caPem,
  );
  chromium = await Chromium.start(first, await pinOf(second));
  page = await chromium.open(balancer.address);
});
afterAll(async () => {
  await chromium?.close();
  for (const client of clients ?? []) client.close();
  await balancer?.close();
  await fleet?.close();
});

describe.skipIf(isSkipped)('a browser at several controllers', () => {
  test('is signed in at all of them, by the link that one has printed', async () => {
    const said = await readFile(join(fleet.all[0]?.dataDir ?? '', 'stdout.log'), 'utf8');
    const link = /\/sign-in\?link=\S+/.exec(said)?.[0] ?? '';
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

    for (const { port } of fleet.all) {
      const answer = await page.request.get(`https://127.0.0.1:${port}/api/v1/namespaces`, {
        ignoreHTTPSErrors: true,
      });
      expect(answer.status()).toBe(200);
    }
  });

  test('goes on to show what others make, whichever of them is killed', async () => {
    await page.goto('/console/kinds/core/v1/configmaps');
    await make(clients[0], 'before');
    await shown('before');

    // After the first, the page is at the second for certain: the other turn takes that one.
    for (const [gone, left] of [
      [0, 1],
      [1, 0],
    ] as const) {
      await kill(gone);
      await make(clients[left], `without-${gone}`);
      await shown(`without-${gone}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await restart(gone);
    }
    expect(new URL(page.url()).pathname).toBe('/console/kinds/core/v1/configmaps');
  });
});
