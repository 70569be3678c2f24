// Every page of the console in a real browser: it shows its heading, complains of nothing, and keeps nobody out.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

let ground: ConsoleGround;
beforeAll(async () => {
  if (!isConsoleSkipped) ground = await ConsoleGround.start();
});
afterAll(() => ground?.close());

const pages = [
  ['overview', '/', 'Overview', '总览'],
  ['nodes', '/nodes', 'Nodes', '节点'],
  ['events', '/events', 'Events', '事件'],
] as const;

/** In the page: how far right the masthead and what else there is go. */
const furthest = `Math.max(
  document.documentElement.scrollWidth,
  ...[...document.querySelectorAll('header *')].map((one) => one.getBoundingClientRect().right),
)`;

describe.skipIf(isConsoleSkipped)('the console', () => {
  test.each(pages)('%s is whole', async (name, path, heading, chinese) => {
    await ground.open(path);
    await ground.page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await ground.expectAccessible();
    await ground.picture(name);
    await ground.inChinese(name, chinese);
    ground.expectNoErrors();
  });

  test('nothing of the masthead stands beside a narrow screen', async () => {
    const { page } = ground;
    await ground.open('/');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(() => page.evaluate<number>(furthest), { timeout: 10_000 }).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('an address that leads nowhere says so', async () => {
    await ground.open('/no-such-page');
    await ground.page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    ground.expectNoErrors();
  });
});
