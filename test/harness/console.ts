// Owns a real browser in front of the console of a real controller: it notes every error of its pages, looks for what
// keeps people with disabilities out (axe-core), and takes pictures for people to look at.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { Chromium, missingForChromium } from './chromium.ts';
import { ControllerProcess, root } from './controller.ts';
import { type PathProxy, startPathProxy } from './path-proxy.ts';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const pictures = join(root, '.cache/screenshots');

const missing = missingForChromium();
/** In CI a missing browser fails. */
export const isConsoleSkipped = missing !== undefined && process.env['CI'] !== 'true';
if (missing !== undefined) process.stdout.write(`the console is not shown: ${missing} is missing\n`);

/**
 * What pages look like does not depend on the store: where tests run on a second one too, it is looked at on the first. There
 * a page only comes to rest, as it does for who looks.
 */
const isSecondStore = process.env['DROVER_TEST_STORE'] === 'postgres';

/** In the page: until colours and places have arrived; what turns for ever does not count. */
const moved = `Promise.all(
  document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().iterations !== Infinity)
    .map(({ finished }) => finished.catch(() => undefined)),
).then(() => undefined)`;

/**
 * In the page: until nothing has moved for a while. What follows a change of size comes in steps, each some time after
 * the one before: tabs measure themselves after 100 ms, show their arrows 100 ms later, and move them in. A page that
 * never rests is taken as it is.
 */
const settled = `new Promise((resolve) => {
  const restMs = 350, longestMs = 5000, began = performance.now();
  const places = () => [...document.querySelectorAll('body *')]
    .map((one) => one.getBoundingClientRect())
    .map(({ x, y, width, height }) => [x, y, width, height].map(Math.round).join())
    .join(';');
  let before = '', since = began;
  const look = () => {
    const now = performance.now(), present = places();
    if (present !== before) [before, since] = [present, now];
    if (now - since >= restMs || now - began >= longestMs) resolve(undefined);
    else setTimeout(look, 50);
  };
  look();
})`;

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

export interface ConsoleOptions {
  /** Where servers reach the controller, when not on this machine. */
  readonly address?: string;
  /** More words for the controller. */
  readonly args?: readonly string[];
  /** sha256 of the key of another server that the browser trusts. */
  readonly trustedPin?: string;
  /** The browser reaches the controller through a proxy that can hold, refuse and cut. */
  readonly isProxied?: boolean;
}

export class ConsoleGround {
  readonly controller: ControllerProcess;
  readonly page: Page;
  /** What is between browser and controller, when asked for. */
  readonly proxy: PathProxy | undefined;
  readonly #chromium: Chromium;
  /** What the page complained of, since the last look. */
  readonly #errors: string[] = [];

  private constructor(controller: ControllerProcess, chromium: Chromium, page: Page, proxy?: PathProxy) {
    this.controller = controller;
    this.page = page;
    this.proxy = proxy;
    this.#chromium = chromium;
    page.on('console', (message) => {
      if (message.type() === 'error') this.#errors.push(message.text());
    });
    page.on('pageerror', (error) => this.#errors.push(String(error)));
  }

  /** Signed in as the first administrator, by the link that the controller prints. */
  static async start(options: ConsoleOptions = {}): Promise<ConsoleGround> {
    const controller = await ControllerProcess.start({
      address: options.address ?? 'localhost',
      args: options.args ?? [],
    });
    const direct = `https://localhost:${controller.port}`;
    const proxy = options.isProxied === true ? await startPathProxy(controller.context, '') : undefined;
    const chromium = await Chromium.start(
      { ...controller.context, address: direct },
      proxy?.pin ?? options.trustedPin,
    );
    const page = await chromium.open(proxy?.address ?? direct);
    const ground = new ConsoleGround(controller, chromium, page, proxy);
    const said = await readFile(join(controller.dataDir, 'stdout.log'), 'utf8');
    const link = /\/sign-in\?link=\S+/.exec(said)?.[0];
    if (link === undefined) throw new Error(`the controller printed no sign-in link: ${said}`);
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    return ground;
  }

  /** The page of somebody with a browser of their own, who is not signed in yet. */
  stranger(options: { readonly language?: string } = {}): Promise<Page> {
    return this.#chromium.open(`https://localhost:${this.controller.port}`, options);
  }

  /** `path`: below /console. */
  async open(path: string): Promise<void> {
    await this.page.goto(`/console${path}`);
  }

  /** The page has complained of nothing since the last look. */
  expectNoErrors(): void {
    expect(this.#errors.splice(0)).toEqual([]);
  }

  /** What was expected to go wrong is forgotten. */
  forgetErrors(): readonly string[] {
    return this.#errors.splice(0);
  }

  /** What axe calls serious or critical, each with where it is. */
  async #graveFaults(): Promise<readonly string[]> {
    await this.page.evaluate(moved);
    const violations = await this.page.evaluate<readonly Violation[]>(
      // What is behind an open dialog is dimmed, and hidden from everybody who listens.
      '(async () => (await axe.run(document.querySelector("[role=dialog]") ?? document, { resultTypes: ["violations"] })).violations)()',
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join('; ')}`);
  }

  /** Nothing that axe calls serious or critical. A second look is taken where the first found something: a page that is changing is between two states. */
  async expectAccessible(): Promise<void> {
    if (isSecondStore) return this.#rest();
    // By the inspector, as the page's policy lets no other script in.
    await this.page.evaluate(await readFile(axeFile, 'utf8'));
    const first = await this.#graveFaults();
    const faults = first.length === 0 ? first : await this.#graveFaults();
    expect(faults, `accessibility of ${this.page.url()}`).toEqual([]);
  }

  async #rest(): Promise<void> {
    await this.page.evaluate(settled);
    await this.page.evaluate(moved);
  }

  /** Resolves when the page has found its new shape. */
  async resize(width: number, height: number): Promise<void> {
    await this.page.setViewportSize({ width, height });
    await this.#rest();
  }

  /** Pictures of the page as it is: light, dark, 中文, wide and narrow. */
  async picture(name: string): Promise<void> {
    if (isSecondStore) return this.#rest();
    await mkdir(pictures, { recursive: true });
    const shot = (suffix: string) =>
      this.page.screenshot({ path: join(pictures, `${name}-${suffix}.png`), animations: 'disabled' });
    await this.resize(390, 844);
    await shot('narrow');
    await this.resize(1280, 800);
    await shot('light');
    await this.page.emulateMedia({ colorScheme: 'dark' });
    // The page hears of it by an event: who looks at colours before would see them on the way.
    await this.page.locator('html.pf-v6-theme-dark').waitFor({ state: 'attached' });
    await shot('dark');
    await this.page.emulateMedia({ colorScheme: 'light' });
    await this.page.locator('html:not(.pf-v6-theme-dark)').waitFor({ state: 'attached' });
  }

  /** The page in 中文 has no word of English left where `english` stands, and a picture is taken. */
  async inChinese(name: string, chinese: string): Promise<void> {
    if (isSecondStore) return this.#rest();
    await this.page.evaluate("localStorage.setItem('drover.language', 'zh')");
    await this.page.reload();
    await this.page.getByRole('heading', { level: 1, name: chinese }).waitFor();
    await this.page.getByRole('progressbar', { name: '正在加载' }).first().waitFor({ state: 'detached' });
    await this.page.screenshot({ path: join(pictures, `${name}-zh.png`), animations: 'disabled' });
    await this.page.evaluate("localStorage.setItem('drover.language', 'en')");
    await this.page.reload();
  }

  async close(): Promise<void> {
    await this.#chromium.close();
    await this.proxy?.close();
    await this.controller.close();
  }
}
