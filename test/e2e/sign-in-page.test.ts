// The sign-in page in a real browser, with passkeys of a device.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chromium, missingForChromium } from '../harness/chromium.ts';
import { cliFile, drover } from '../harness/cli.ts';
import { ControllerProcess, root } from '../harness/controller.ts';
import { Pty } from '../harness/pty.ts';

const missing = missingForChromium();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';
if (missing !== undefined) process.stdout.write(`no browser signs in: ${missing} is missing\n`);

const password = 'planted-browser-4711';
let dir: string;
let controller: ControllerProcess;
let chromium: Chromium;
/** Browsers make passkeys for names only. */
let site: string;

const must = async (args: readonly string[], input = ''): Promise<string> => {
  const done = await drover(controller, args, { input, cwd: dir });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

const makePerson = async (name: string): Promise<void> => {
  await must(['user', 'create', name]);
  await must(['user', 'passwd', name], `${password}\n`);
};

const signIn = async (page: Page, user: string): Promise<void> => {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
};

/** For people to look at. */
const picture = async (page: Page, name: string): Promise<void> => {
  await mkdir(join(root, '.cache/screenshots'), { recursive: true });
  await page.screenshot({ path: join(root, '.cache/screenshots', `${name}.png`), animations: 'disabled' });
};

const shows = async (page: Page, text: string | RegExp): Promise<void> => {
  await page
    .getByText(text)
    .first()
    .waitFor()
    .catch(async (error: unknown) => {
      throw new Error(`${String(error)}; it shows: ${await page.locator('body').textContent()}`);
    });
};

const isIn = (page: Page) => page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

const addPasskey = async (page: Page, name: string): Promise<void> => {
  await page.goto('/console/account');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of the new passkey').fill(name);
  await dialog.getByLabel('Your password').fill(password);
  await dialog.getByRole('button', { name: 'Add a passkey' }).click();
  await rowOf(page, name).waitFor();
};

const rowOf = (page: Page, name: string) =>
  page.getByRole('grid', { name: 'Passkeys' }).getByRole('row').filter({ hasText: name });

const signOut = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Your account and sign out' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
};

beforeAll(async () => {
  if (isSkipped) return;
  expect(missing).toBeUndefined();
  dir = await mkdtemp(join(tmpdir(), 'drover-browser-'));
  controller = await ControllerProcess.start({ address: 'localhost' });
  site = `https://localhost:${controller.port}`;
  chromium = await Chromium.start({ ...controller.context, address: site });
  for (const name of ['ada', 'bea']) await makePerson(name);
});
afterAll(async () => {
  await chromium?.close();
  await controller?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

test.skipIf(isSkipped)('a passkey signs in alone, and no more once it is removed', async () => {
  const page = await chromium.open(site);
  await signIn(page, 'ada');
  await isIn(page);
  await addPasskey(page, 'laptop of <b>ada</b>');
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await isIn(page);
  await page.goto('/console/account');
  await rowOf(page, 'laptop').waitFor();
  expect(await rowOf(page, 'laptop').getByText('never').count()).toBe(0);
  await page.getByRole('grid', { name: 'Sessions' }).getByText('passkey').waitFor();
  await page.getByRole('button', { name: 'Remove laptop' }).click();
  await page.getByRole('dialog').getByLabel('Your password').fill(password);
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await rowOf(page, 'laptop').waitFor({ state: 'detached' });
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await shows(page, /cannot sign in: the passkey is not known here/);
});

test.skipIf(isSkipped)(
  'what goes wrong is told in words with a remedy, and the next try still works',
  async () => {
    const page = await chromium.open(site);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await shows(page, /no passkey was given.*Try again, or use your password/);
    await page.getByLabel('User').fill('bea');
    await page.getByLabel('Password').fill('planted-wrong-0815');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await shows(page, 'user, password or code is wrong');
    expect(await page.getByLabel('User').inputValue()).toBe('bea');
    await picture(page, 'sign-in-refused');
    await signIn(page, 'bea');
    await isIn(page);
  },
);

test.skipIf(isSkipped)('who was led to the sign-in page comes back to where they wanted to go', async () => {
  const page = await chromium.open(site);
  await page.goto('/console/nodes?q=web');
  await signIn(page, 'bea');
  await page.getByRole('heading', { level: 1, name: 'Nodes' }).waitFor();
  expect(new URL(page.url()).search).toBe('?q=web');
  await page.goto('/?next=%2Fconsole%2Fevents');
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
});

test.skipIf(isSkipped)('the page is in the language of the browser, and keeps nobody out', async () => {
  const page = await chromium.open(site);
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await picture(page, `sign-in-${colorScheme}-${width}`);
    await page.evaluate(axe);
    expect(await page.evaluate('axe.run().then(({ violations }) => violations)')).toEqual([]);
  }
  const chinese = await chromium.open(site, { language: 'zh-CN' });
  await chinese.getByRole('heading', { name: '登录 Drover' }).waitFor();
  await picture(chinese, 'sign-in-zh');
  await chinese.getByLabel('用户名').fill('bea');
  await chinese.getByLabel('密码').fill(password);
  await chinese.getByRole('button', { name: '登录', exact: true }).click();
  await chinese.getByRole('heading', { level: 1, name: '总览' }).waitFor();
});

test.skipIf(isSkipped)(
  'the command line is let in with one click of who is signed in, and comes back',
  async () => {
    const page = await chromium.open(site);
    await signIn(page, 'bea');
    await isIn(page);
    const ca = join(dir, 'ca.pem');
    await writeFile(ca, controller.context.caPem);
    const args = ['login', site, '--ca-file', ca, '--browser', '--as', 'bea'];
    const terminal = new Pty([cliFile, ...args], { ...process.env, DROVER_CONFIG: join(dir, 'config.json') });
    await terminal.shows(/\/auth\/cli\?\S+\s/);
    await page.goto(/https:\S+/.exec(terminal.shown)?.[0] ?? '');
    await shows(page, /asks to sign in as bea/);
    await page.getByRole('button', { name: 'Allow' }).click();
    await shows(page, 'You can close this page');
    expect(new URL(page.url()).hostname).toBe('127.0.0.1');
    expect([await terminal.ended, terminal.shown]).toEqual([0, expect.stringContaining('let in by bea')]);
  },
);

test.skipIf(isSkipped)(
  'without scripts a password signs in, and the console says what it needs',
  async () => {
    const page = await chromium.open(site, { hasScripts: false });
    expect(await page.getByRole('button', { name: 'passkey' }).count()).toBe(0);
    await signIn(page, 'bea');
    await expect.poll(() => page.locator('body').textContent()).toContain('The console needs JavaScript');
    expect(new URL(page.url()).pathname).toBe('/console/');
  },
);

test.skipIf(isSkipped)('nothing but our script runs on the page', async () => {
  const page = await chromium.open(site);
  await expect(page.addScriptTag({ content: 'globalThis.planted = 1' })).rejects.toThrow(
    /Content Security Policy/,
  );
  expect(await page.evaluate("'planted' in globalThis")).toBe(false);
});
