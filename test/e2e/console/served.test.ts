// How the controller serves the console: under a strict policy, whole from itself, compressed, and to be kept by browsers
// where a name says what is in it.
import { request } from 'node:https';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControllerProcess } from '../../harness/controller.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

let controller: ControllerProcess;
beforeAll(async () => {
  controller = await ControllerProcess.start({ address: 'localhost' });
});
afterAll(() => controller?.close());

const get = (path: string, encoding = 'identity'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const url = new URL(path, `https://localhost:${controller.port}`);
    const headers = { 'accept-encoding': encoding };
    const asked = request(url, { ca: controller.context.caPem, headers }, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) });
    });
    asked.on('error', reject).end();
  });

const html = async (): Promise<string> => (await get('/console/')).body.toString();
/** What the page names, below /console/. */
const assetsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)].map(([, path = '']) => path);

describe('the console', () => {
  test('lets nothing run that is not of the controller, and gives each page another nonce', async () => {
    const policies = await Promise.all(
      ['/console/', '/console/nodes'].map(async (path) => (await get(path)).headers),
    );
    const [first = '', second = ''] = policies.map((headers) => String(headers['content-security-policy']));
    expect(first).toContain("default-src 'none'");
    expect(first).toContain("script-src 'self';");
    expect(first).toContain("frame-ancestors 'none'");
    expect(first).not.toMatch(/unsafe|https?:|\*/);
    const nonce = /'nonce-([^']{20,})'/.exec(first)?.[1];
    expect(nonce).toBeDefined();
    expect(second).not.toContain(nonce);
    expect(await html()).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  test('has a page that nobody keeps, and files with a hash in their names that everybody may', async () => {
    const page = await get('/console/');
    expect(String(page.headers['cache-control'])).toContain('no-store');
    const assets = assetsOf(page.body.toString());
    expect(assets.length).toBeGreaterThan(1);
    for (const path of assets) {
      expect(path).toMatch(/-[\w-]{8}\.(?:js|css|svg|png)$/);
      const { status, headers } = await get(`/console/${path}`);
      expect(status).toBe(200);
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('is sent as %s to who understands it, and is the same', async (encoding, unpack) => {
    const path = assetsOf(await html()).find((one) => one.endsWith('.js')) ?? '';
    const [plain, packed] = await Promise.all([get(`/console/${path}`), get(`/console/${path}`, encoding)]);
    expect(packed.headers['content-encoding']).toBe(encoding);
    expect(packed.headers['vary']).toBe('accept-encoding');
    expect(packed.body.length).toBeLessThan(plain.body.length / 2);
    expect(unpack(packed.body).equals(plain.body)).toBe(true);
  });

  test('is at most 350 kB of scripts before its first page, as they are sent', async () => {
    const scripts = assetsOf(await html()).filter((path) => path.endsWith('.js'));
    const sizes = await Promise.all(
      scripts.map(async (path) => (await get(`/console/${path}`, 'gzip')).body.length),
    );
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(350_000);
  });

  test('has no file but its own', async () => {
    for (const path of ['/console/assets/..%2f..%2fpackage.json', '/console/assets/none-12345678.js'])
      expect((await get(path)).status).toBe(404);
  });
});
