// The console behind a proxy that shows it under a path: signing in, deep links, live lists, signing out.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chromium } from '../../harness/chromium.ts';
import { isConsoleSkipped } from '../../harness/console.ts';
import { ControllerProcess } from '../../harness/controller.ts';
import { type PathProxy, startPathProxy } from '../../harness/path-proxy.ts';

let controller: ControllerProcess;
let proxy: PathProxy;
let chromium: Chromium;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  if (isConsoleSkipped) return;
  controller = await ControllerProcess.start({ address: 'localhost' });
  proxy = await startPathProxy(controller.context);
  const site = `https://localhost:${controller.port}`;
  chromium = await Chromium.start({ ...controller.context, address: site }, proxy.pin);
  page = await chromium.open(site);
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
});
afterAll(async () => {
  await chromium?.close();
  await proxy?.close();
  await controller?.close();
});

test.skipIf(isConsoleSkipped)('everything of the console stays below the path', async () => {
  const said = await readFile(join(controller.dataDir, 'stdout.log'), 'utf8');
  const link = /\/sign-in\?link=\S+/.exec(said)?.[0] ?? '';
  await page.goto(`${proxy.address}${link}`);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  expect(page.url()).toBe(`${proxy.address}/console/`);
  await page.getByRole('link', { name: 'Events' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
  expect(page.url()).toBe(`${proxy.address}/console/events`);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
  // A list that is there came through a WebSocket, so through the proxy.
  await page.goto(`${proxy.address}/console/nodes`);
  await page.getByRole('heading', { name: 'No servers yet' }).waitFor();
  expect(errors).toEqual([]);
  await page.getByRole('button', { name: /Your account and sign out/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
  expect(page.url().startsWith(`${proxy.address}/`)).toBe(true);
});
