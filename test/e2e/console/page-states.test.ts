// Every page of the console while it cannot show all: it keeps its head in its place, says that it waits, or what could
// not be had and why, in the controller's words, and offers to try again.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  pages,
} from '../../harness/console-pages.ts';
import type { PathProxy, Refusal } from '../../harness/path-proxy.ts';

let ground: ConsoleGround;
let page: Page;
let proxy: PathProxy;
let dir: string;
let agent: AgentProcess | undefined;
const password = 'planted-states-4711';

let drover: Drover;

beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-page-states-'));
  ground = await ConsoleGround.start({ isProxied: true });
  page = ground.page;
  if (ground.proxy === undefined) throw new Error('the ground has no proxy');
  proxy = ground.proxy;
  drover = droverOf(ground, dir);
  agent = await fillPages(ground, drover, dir);
}, 120_000);
afterEach(() => {
  proxy?.setFault(() => undefined);
  proxy?.cut(false);
  // Whatever became of requests was meant.
  ground?.forgetErrors();
});
afterAll(async () => {
  await agent?.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

/** Address, and what is said there of what does not exist. */
const absent = [
  ['/nodes/name/none', 'There is no node none'],
  ['/nodes/add/ssh/default/none', 'There is no enrolment none'],
  ['/runs/name/default/none', 'There is no run none'],
  ['/schedules/name/default/none', 'There is no schedule none'],
  ['/saved-commands/name/default/none', 'There is no saved command none'],
  ['/files/name/default/none', 'There is no transfer none'],
  ['/recordings/none', 'There is no such recording'],
  [`${configs}/name/default/none`, 'There is no ConfigMap none'],
  ['/kinds/core/v1/none', 'The controller serves no kind none'],
] as const;

/** What everybody may see who is signed in. */
const forAll = new Set<string>([
  '/account',
  '/settings/about',
  '/kinds',
  `${configs}/fields`,
  `${configs}/new`,
]);

const planted = 'cannot answer: a fault was planted';
const head = (name: string) => page.getByRole('heading', { level: 1, name });
const main = () => page.getByRole('main');
const waits = () => loadingOf(page);
const gone = (text: string) => main().getByText(text).first().waitFor({ state: 'detached' });
/** In the page: where the heading stands, however far somebody has scrolled. */
const place = `(() => {
  const heading = document.querySelector('h1'), { x, y } = heading.getBoundingClientRect();
  return [x, y + heading.closest('main').scrollTop].map(Math.round).join();
})()`;

describe.skipIf(isConsoleSkipped)('a page', () => {
  test.each(pages)(
    '%s (%s) waits for %s, says why it is refused, and tries again',
    async (path, name, part) => {
      const answer = Promise.withResolvers<Refusal | undefined>();
      const isAbout = (url: string): boolean => !url.startsWith('/console/') && `${url}$`.includes(part);
      proxy.setFault((url) => (isAbout(url) ? answer.promise : undefined));
      await ground.open(path);
      await head(name).waitFor();
      await waits().waitFor();
      const before = await page.evaluate<string>(place);
      const refusal = { code: 500, reason: 'InternalError', message: planted };
      proxy.setFault((url) => (isAbout(url) ? refusal : undefined));
      answer.resolve(refusal);
      await main().getByText(planted).first().waitFor();
      expect(await page.evaluate<string>(place)).toBe(before);
      proxy.setFault(() => undefined);
      await main().getByRole('button', { name: 'Try again' }).first().click();
      await gone(planted);
      await waits().waitFor({ state: 'detached' });
      expect(await page.evaluate<string>(place)).toBe(before);
    },
  );

  test.each(absent)('%s says that it is not there, and where the others are', async (path, words) => {
    await ground.open(path);
    await main().getByRole('heading', { name: words }).waitFor();
    await main().getByRole('heading', { level: 1 }).waitFor();
    await main().getByRole('link').first().waitFor();
    await ground.expectAccessible();
  });
});

describe.skipIf(isConsoleSkipped)('who has no role', () => {
  let theirs: Page;
  beforeAll(async () => {
    await drover(['user', 'create', 'eva']);
    await drover(['user', 'passwd', 'eva'], `${password}\n`);
    theirs = await ground.stranger();
    await theirs.goto('/console/account');
    await theirs.getByLabel('User').fill('eva');
    await theirs.getByLabel('Password').fill(password);
    await theirs.getByRole('button', { name: 'Sign in', exact: true }).click();
    await theirs.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  });

  test.each(addresses)('is told at %s (%s) what they may not, by the controller', async (path, name) => {
    await theirs.goto(`/console${path}`);
    await theirs.getByRole('heading', { level: 1, name }).waitFor();
    if (!forAll.has(path))
      await theirs
        .getByText(/"eva" (cannot|may not)/)
        .first()
        .waitFor();
    expect(await theirs.getByText('This page has broken').count()).toBe(0);
  });
});

describe.skipIf(isConsoleSkipped)('an upload', () => {
  test('goes on where it stood when the connection was cut, and arrives whole', async () => {
    const bytes = randomBytes(12 * 1024 * 1024);
    const depot = join(dir, 'depot');
    await mkdir(depot);
    await writeFile(join(dir, 'big.bin'), bytes);
    const begun: string[] = [];
    let pieces = 0;
    const isCut = Promise.withResolvers<void>();
    proxy.setFault((url) => {
      const [path = '', query] = url.split('?');
      const offset = new URLSearchParams(query).get('offset');
      if (!path.startsWith('/content/uploads/') || offset === null) return undefined;
      if (offset === '0') begun.push(path);
      pieces += 1;
      if (pieces === 2) {
        proxy.cut(true);
        isCut.resolve();
      }
      return undefined;
    });
    await ground.open(`/nodes/name/n1/files?path=${encodeURIComponent(depot)}`);
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Upload files', exact: true }).click();
    await (await chooser).setFiles(join(dir, 'big.bin'));
    await isCut.promise;
    await page.getByText('The controller does not answer').waitFor();
    proxy.cut(false);
    await page.getByRole('link', { name: 'big.bin', exact: true }).waitFor();
    expect((await readFile(join(depot, 'big.bin'))).equals(bytes)).toBe(true);
    // Of the file and of the list of what is in it: none was sent from its beginning again.
    expect(begun).toEqual([...new Set(begun)]);
    expect(pieces).toBeGreaterThan(3);
  });
});
