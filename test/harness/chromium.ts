// Owns a real browser for tests: Debian's Chromium, which trusts one controller and has a device that makes passkeys.
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect } from 'node:tls';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { AdminContext } from './controller.ts';

const program = '/usr/bin/chromium';

/** What is missing to run one; undefined: nothing. */
export const missingForChromium = (): string | undefined => (existsSync(program) ? undefined : 'chromium');

/** sha256 of the key of the server's certificate, which has been verified against the controller's own CA. */
export const pinOf = ({ address, caPem }: AdminContext): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(address);
    const socket = connect({ host: hostname, port: Number(port), servername: hostname, ca: caPem }, () => {
      const { raw } = socket.getPeerCertificate();
      const key = new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'der' });
      socket.destroy();
      crypto.subtle
        .digest('SHA-256', key)
        .then((hash) => resolve(Buffer.from(hash).toString('base64')), reject);
    });
    socket.on('error', reject);
  });

export class Chromium {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** `proxyPin`: of another server that shows the controller, and is trusted too. */
  static async start(controller: AdminContext, proxyPin?: string): Promise<Chromium> {
    const pins = [await pinOf(controller), ...(proxyPin === undefined ? [] : [proxyPin])];
    const browser = await chromium.launch({
      executablePath: program,
      // As a person's browser that has been told to trust the controller's CA: nothing else is trusted by it.
      args: [`--ignore-certificate-errors-spki-list=${pins.join(',')}`],
      chromiumSandbox: process.getuid?.() !== 0,
    });
    return new Chromium(browser);
  }

  /** A page of a browser of its own: no cookies. */
  async open(
    address: string,
    options: { readonly hasScripts?: boolean; readonly language?: string } = {},
  ): Promise<Page> {
    const { hasScripts = true, language = 'en-US' } = options;
    const context = await this.#browser.newContext({
      baseURL: address,
      javaScriptEnabled: hasScripts,
      locale: language,
    });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    await page.goto('/');
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
