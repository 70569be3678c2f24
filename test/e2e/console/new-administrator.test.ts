// The first minutes of a new administrator, from the printed link on, on a real host with systemd: it joins, runs a command,
// gets a file, and has a terminal opened. How long that takes is printed; pictures are taken on the way.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayAddress, Lab } from '../../../lab/index.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

let ground: ConsoleGround;
let lab: Lab;
let dir: string;
beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-first-'));
  lab = await Lab.open();
  await lab.up('web1', 'debian-12');
  ground = await ConsoleGround.start({ address: gatewayAddress });
  await lab.relay(ground.controller.port);
  await lab.relay(ground.controller.agentPort);
}, 240_000);
afterAll(async () => {
  await ground?.close();
  await lab?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
}, 60_000);

const button = (name: string): Locator => ground.page.getByRole('button', { name, exact: true });
const field = (name: string): Locator => ground.page.getByRole('textbox', { name, exact: true });

const joinServer = async (): Promise<void> => {
  const { page } = ground;
  await page.getByRole('link', { name: 'Add servers' }).first().click();
  await button('Make token and line').click();
  const line = await field('The line to paste').inputValue();
  expect(await lab.exec('web1', ['sh', '-c', line])).toMatchObject({ code: 0 });
  await page.getByRole('grid', { name: 'Servers that arrive' }).getByText('Ready').waitFor();
};

const runCommand = async (): Promise<void> => {
  const { page } = ground;
  await page.getByRole('link', { name: 'Runs', exact: true }).click();
  await page
    .getByRole('button', { name: 'Run a command' })
    .or(page.getByRole('link', { name: 'Run a command' }))
    .first()
    .click();
  await field('Nodes').fill('web1');
  await page.getByText('1 node matches.').waitFor();
  await field('Command').fill('cat /etc/hostname');
  await button('Run').click();
  await page.getByText('Succeeded', { exact: true }).first().waitFor();
  await page.getByRole('tab', { name: 'Outputs' }).click();
  await page.getByRole('region', { name: 'Standard output web1' }).getByText('web1').waitFor();
};

const pushFile = async (): Promise<void> => {
  const { page } = ground;
  const file = join(dir, 'motd');
  await writeFile(file, 'brought by the console\n');
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('button', { name: 'Move files' }).first().click();
  const chooser = page.waitForEvent('filechooser');
  await button('Choose files').click();
  await (await chooser).setFiles(file);
  await field('Where to, on the servers').fill('/etc/motd');
  await field('Nodes').fill('web1');
  await button('Push').click();
  await page.getByText('Succeeded', { exact: true }).first().waitFor();
  expect((await lab.exec('web1', ['cat', '/etc/motd'])).stdout).toBe('brought by the console\n');
};

const openTerminal = async (): Promise<void> => {
  const { page } = ground;
  await page.getByRole('link', { name: 'Nodes', exact: true }).click();
  await page.getByRole('link', { name: 'web1', exact: true }).click();
  await page.getByRole('tab', { name: 'Terminal' }).click();
  await button('Open a terminal').click();
  await page.getByText('Connected, recording').waitFor();
  await page
    .getByRole('listitem')
    .filter({ hasText: /[#$] *$/ })
    .first()
    .waitFor();
  await field('Terminal input').pressSequentially('echo $((6*7)) on $(hostname)\n');
  await page
    .getByRole('listitem')
    .filter({ hasText: /^42 on web1/ })
    .waitFor();
};

test.skipIf(isConsoleSkipped)('from the printed link to a terminal', { timeout: 180_000 }, async () => {
  const began = performance.now();
  await ground.open('/');
  await joinServer();
  await ground.picture('first-1-joined');
  await runCommand();
  await ground.picture('first-2-ran');
  await pushFile();
  await ground.picture('first-3-pushed');
  await openTerminal();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  await ground.picture('first-4-terminal');
  process.stdout.write(`a new administrator needs ${seconds} s of machine time\n`);
  ground.expectNoErrors();
});
