// The main job without a pointer: from the overview to the output of a command on every node, by keys alone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRealFleet } from '../../../bench/real-fleet.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

let ground: ConsoleGround;
const undos: (() => unknown)[] = [];

beforeAll(async () => {
  if (isConsoleSkipped) return;
  ground = await ConsoleGround.start();
  const bench = { signal: new AbortController().signal, defer: (undo: () => unknown) => undos.push(undo) };
  await startRealFleet(bench, ground.controller, 2);
}, 120_000);
afterAll(async () => {
  for (const undo of undos.reverse()) await undo();
  await ground?.close();
});

/** What has the focus: its element, and what it is called for who listens. */
const focused = `(() => {
  const at = document.activeElement;
  const label = at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '';
  return at.tagName + ' ' + label.trim();
})()`;

const maxStops = 80;

/** Presses Tab until what is called so has the focus. */
const tabTo = async (name: RegExp): Promise<void> => {
  const passed: string[] = [];
  for (let stop = 0; stop < maxStops; stop++) {
    const at = await ground.page.evaluate<string>(focused);
    if (name.test(at)) return;
    passed.push(at.slice(0, 40));
    await ground.page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${name}; it passes ${passed.join(' | ')}`);
};

describe.skipIf(isConsoleSkipped)('by keys alone', () => {
  test('a command is composed, run, and its output read', { timeout: 90_000 }, async () => {
    const { page } = ground;
    const keys = page.keyboard;
    await ground.open('/');
    await page.getByRole('link', { name: 'a002: Ready' }).waitFor();
    await keys.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await keys.type('run a command');
    await page.getByRole('option', { name: /^Run a command/ }).waitFor();
    await keys.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Run a command' }).waitFor();
    await tabTo(/^INPUT Nodes/);
    await keys.type('a*');
    await page.getByText('2 nodes match.').waitFor();
    await tabTo(/^INPUT Command/);
    await keys.type('echo by keys');
    await tabTo(/^BUTTON Run$/);
    await keys.press('Enter');
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
    await tabTo(/^BUTTON Outputs$/);
    await keys.press('Enter');
    await page.getByRole('region', { name: 'Standard output a[001-002]' }).getByText('by keys').waitFor();
    expect(page.url()).toContain('/outputs');
    ground.expectNoErrors();
  });

  test('the first stop of a page leads past the navigation', async () => {
    await ground.open('/events');
    await ground.page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await ground.page.keyboard.press('Tab');
    expect(await ground.page.evaluate<string>(focused)).toBe('A Skip to content');
    await ground.page.keyboard.press('Enter');
    await ground.page.keyboard.press('Tab');
    await tabTo(/^INPUT Filter by object/);
  });
});
