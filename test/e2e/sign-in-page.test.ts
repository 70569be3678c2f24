// The pages of sign-in and of one's own account in a real browser, with passkeys of a device.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chromium, missingForChromium } from '../harness/chromium.ts';
import { cliFile, drover } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
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

const shows = async (page: Page, text: string | RegExp): Promise<void> => {
  await page
    .getByText(text)
    .first()
    .waitFor()
    .catch(async (error: unknown) => {
      throw new Error(`${String(error)}; it shows: ${await page.locator('body').textContent()}`);
    });
};

const addPasskey = async (page: Page, name: string): Promise<void> => {
  await page.getByLabel('Name of the new passkey').fill(name);
  const asked = page.getByLabel('Your password');
  if ((await asked.count()) > 0) await asked.fill(password);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
};

const rowOf = (page: Page, name: string) =>
  page.getByRole('table', { name: 'Passkeys' }).getByRole('row').filter({ hasText: name });

beforeAll(async () => {
  if (isSkipped) return;
  expect(missing).toBeUndefined();
  dir = await mkdtemp(join(tmpdir(), 'drover-browser-'));
  controller = await ControllerProcess.start({ address: 'localhost' });
  site = `https://localhost:${controller.port}`;
  chromium = await Chromium.start({ ...controller.context, address: site });
  for (const name of ['ada', 'bea', 'eva']) await makePerson(name);
});
afterAll(async () => {
  await chromium?.close();
  await controller?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

test.skipIf(isSkipped)(
  'a passkey is enrolled with the password, signs in alone, and no more once it is removed',
  async () => {
    const page = await chromium.open(site);
    await page.goto('/account');
    await signIn(page, 'ada');
    await shows(page, 'You are signed in as ada');
    expect(new URL(page.url()).pathname).toBe('/account');
    await addPasskey(page, 'laptop of <b>ada</b>');
    await rowOf(page, 'laptop of <b>ada</b>').getByText('never').waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await shows(page, 'You are signed in as ada');
    await page.getByRole('link', { name: 'Your account' }).click();
    expect(await rowOf(page, 'laptop').getByText('never').count()).toBe(0);
    expect(await page.getByRole('table', { name: 'Sessions' }).textContent()).toContain('passkey');

    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByLabel('Your password').fill(password);
    await page.getByRole('button', { name: 'Remove laptop' }).click();
    await shows(page, 'You have no passkeys.');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await shows(page, /cannot sign in: the passkey is not known here/);
  },
);

test.skipIf(isSkipped)(
  'what goes wrong is told in words with a remedy, and the next try still works',
  async () => {
    const page = await chromium.open(site);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await shows(page, /no passkey was given.*Try again, or use your password/);
    await signIn(page, 'bea');
    await page.getByRole('link', { name: 'Your account' }).click();
    await page.getByLabel('Name of the new passkey').fill('phone');
    await page.getByLabel('Your password').fill('planted-wrong-0815');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await shows(page, 'the password is not right');
    await addPasskey(page, 'phone');
    await rowOf(page, 'phone').waitFor();
    await addPasskey(page, 'phone again');
    await shows(page, 'this device has a passkey of yours for this controller already');
    page.once('dialog', (dialog) => void dialog.dismiss());
    await page.getByRole('button', { name: 'Remove phone' }).click();
    expect(await rowOf(page, 'phone').count()).toBe(1);
  },
);

test.skipIf(isSkipped)(
  'somebody of whom a second factor is asked enrols a passkey at the first sign-in, and goes on with it',
  async () => {
    await must(['patch', 'user', 'eva', '-p', '{"spec":{"requireSecondFactor":true}}']);
    const page = await chromium.open(site);
    await signIn(page, 'eva');
    await shows(page, 'A second factor is asked of you');
    await page.getByRole('link', { name: 'your account', exact: true }).click();
    await addPasskey(page, 'key');
    await rowOf(page, 'key').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, 'eva');
    await shows(page, 'use your passkey');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await shows(page, 'You are signed in as eva');
    expect(await page.getByText('A second factor is asked of you').count()).toBe(0);
  },
);

test.skipIf(isSkipped)(
  'the command line is let in with one click of who is signed in, and comes back',
  async () => {
    const page = await chromium.open(site);
    await signIn(page, 'bea');
    await shows(page, 'You are signed in as bea');
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

test.skipIf(isSkipped)('without scripts a password signs in, and the account is shown', async () => {
  const page = await chromium.open(site, { hasScripts: false });
  expect(await page.getByRole('button', { name: 'passkey' }).count()).toBe(0);
  await signIn(page, 'bea');
  await page.getByRole('link', { name: 'Your account' }).click();
  await rowOf(page, 'phone').waitFor();
  await shows(page, /use a browser of 2025 or newer/);
  expect(await page.getByRole('button', { name: /Add|Remove/ }).count()).toBe(0);
});

test.skipIf(isSkipped)('nothing but our script runs on the page', async () => {
  const page = await chromium.open(site);
  await expect(page.addScriptTag({ content: 'globalThis.planted = 1' })).rejects.toThrow(
    /Content Security Policy/,
  );
  expect(await page.evaluate("'planted' in globalThis")).toBe(false);
});
