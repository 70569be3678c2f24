// The overview and the command palette in a real browser, with real agents.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRealFleet } from '../../../bench/real-fleet.ts';
import type { AgentProcess } from '../../harness/agents.ts';
import { drover } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

let ground: ConsoleGround;
let agents: readonly AgentProcess[] = [];
const undos: (() => unknown)[] = [];

beforeAll(async () => {
  if (isConsoleSkipped) return;
  ground = await ConsoleGround.start();
  const bench = { signal: new AbortController().signal, defer: (undo: () => unknown) => undos.push(undo) };
  agents = await startRealFleet(bench, ground.controller, 3);
});
afterAll(async () => {
  for (const undo of undos.reverse()) await undo();
  await ground?.close();
});

describe.skipIf(isConsoleSkipped)('the overview', () => {
  test('shows every node, what runs, and asks for nothing while all is well', async () => {
    const { page } = ground;
    await ground.open('/');
    await page.getByRole('link', { name: 'a003: Ready' }).waitFor();
    await page.getByText('Nothing needs attention.').waitFor();
    expect(await page.getByRole('link', { name: /^a00\d: Ready$/ }).count()).toBe(3);
    const run = drover(ground.controller, ['run', '-n', 'a001', '-q', '--', 'sleep', '3']);
    await page.getByRole('progressbar').waitFor();
    await page.getByText('Nothing is running.').waitFor();
    expect((await run).code).toBe(0);
    await ground.expectAccessible();
    await ground.picture('overview-fleet');
    ground.expectNoErrors();
  });

  test('says of a node that is gone why, since when, and where to look', async () => {
    const { page } = ground;
    await ground.open('/');
    await agents[2]?.end('SIGKILL');
    await page.getByRole('heading', { name: /Node a003 is not connected/ }).waitFor();
    await page.getByRole('link', { name: /a003: (Unknown|Not ready)/ }).waitFor();
    await page.getByRole('link', { name: 'See whether it is switched on and its agent runs' }).click();
    await page.getByRole('heading', { level: 1, name: 'a003' }).waitFor();
    ground.expectNoErrors();
  });

  test('is gone through by arrow keys: one stop for the whole map', async () => {
    const { page } = ground;
    await ground.open('/');
    await page.getByRole('link', { name: /^a001:/ }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate('document.activeElement.title')).toMatch(/^a002:/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'a002' }).waitFor();
  });
});

describe.skipIf(isConsoleSkipped)('the map of nodes', () => {
  test('is coloured by what is chosen in its address, and told in words beside', async () => {
    const { page } = ground;
    await ground.open('/');
    await page.getByRole('button', { name: 'CPU' }).click();
    await page.getByRole('link', { name: /^a001: \d+%$/ }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'CPU', pressed: true }).waitFor();
    await page.getByRole('button', { name: 'Memory' }).click();
    await page.getByRole('link', { name: /^a002: \d+%$/ }).waitFor();
    await ground.expectAccessible();
    await ground.picture('overview-map');
    await page.getByRole('button', { name: 'As a table' }).click();
    const table = page.getByRole('grid', { name: 'Map of nodes' });
    await table.getByRole('link', { name: 'a001' }).waitFor();
    await table.getByRole('button', { name: 'Memory' }).click();
    await table.getByRole('columnheader', { name: 'Memory', exact: true }).waitFor();
    await ground.expectAccessible();
    await ground.picture('overview-map-table');
    await ground.inChinese('overview-map-table', '总览');
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('the command palette', () => {
  test('jumps to an object by its name, and to an action, by keys alone', async () => {
    const { page } = ground;
    await ground.open('/events');
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('a002');
    await page.getByRole('option', { name: 'a002 Node', exact: true }).waitFor();
    await ground.expectAccessible();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'a002' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('nothing-is-called-so');
    await page.getByText('Nothing is called so.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('combobox').waitFor({ state: 'detached' });
    ground.expectNoErrors();
  });
});
