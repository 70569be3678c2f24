// What is sent to us stays what it is: it begins no header, no line of the log, and no path of the file system.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../platform/log.ts';
import { type Ground, openGround } from './test-ground.ts';
import { call } from './test-people.ts';

const lines: string[] = [];
let ground: Ground;
beforeAll(async () => {
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
  ground = await openGround({ log });
  await writeFile(join(ground.dataDir, 'planted.txt'), 'planted-secret');
  await mkdir(join(ground.dataDir, 'recordings'), { recursive: true });
});
afterAll(() => ground.close());

/** The head of the answer, as it is on the wire. */
const headOf = (request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = ground.server;
    const socket = connect({ port, host: '127.0.0.1', ca: ground.caPem }, () =>
      socket.write(request, 'latin1'),
    );
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text.split('\r\n\r\n', 1)[0] ?? ''));
  });

const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: drover\r\nAuthorization: Bearer ${ground.token}\r\nConnection: close\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const evil = 'x\r\nSet-Cookie: evil=1\r\n\r\n<script>';
const configMaps = '/api/v1/namespaces/default/configmaps';

describe('text with line ends', () => {
  it.each([
    ['in the query', () => post(`${configMaps}?fieldManager=${encodeURIComponent(evil)}`, '{}')],
    [
      'in a field that a warning names',
      () => post(`${configMaps}?fieldValidation=Warn&dryRun=All`, withField()),
    ],
    ['in a name', () => post(configMaps, JSON.stringify({ metadata: { name: evil } }))],
    ['in the path', () => post(`${configMaps}/${encodeURIComponent(evil)}`, '{}')],
    ['in where to go after signing in', () => post(`/auth/sign-in?to=${encodeURIComponent(evil)}`, '{}')],
  ])('begins no header: %s', async (_, request) => {
    const head = await headOf(request());
    expect(head).toMatch(/^HTTP\/1\.1 \d{3} /);
    expect(head).not.toMatch(/^set-cookie: evil/im);
  });

  const withField = (): string => JSON.stringify({ metadata: { name: 'a' }, [evil]: 1 });

  it('begins no line of the log, nor does anything else that was sent', async () => {
    const forged = '{"level":30,"msg":"root signed in"}';
    const texts = [`a\n${forged}`, `a\r\n${forged}\r\n`, `a\u2028${forged}`, `\u001b[2J${forged}`];
    for (const text of texts) {
      await call(ground, { path: `/api/v1/nodes/${encodeURIComponent(text)}` });
      await call(ground, {
        method: 'POST',
        path: '/auth/sign-in',
        token: null,
        body: { user: text, password: text },
      });
      await call(ground, { method: 'POST', path: configMaps, body: { metadata: { name: text } } });
    }
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(JSON.parse(line)).not.toMatchObject({ msg: 'root signed in' });
      expect(line).not.toContain('\u001b');
    }
  });
});

describe('a path that leads out of where it belongs', () => {
  const ups = ['..', '%2e%2e', '..%2f..', '%2e%2e%2f%2e%2e', '..%5c..', '....//', '..%00', '%252e%252e%252f'];
  const bases = ['/recordings/', '/join/', '/', '/openapi/v3/', '/api/v1/namespaces/', '/sign-in/'];

  it.each(bases)('finds nothing under %s', async (base) => {
    for (const up of ups)
      for (const rest of ['/planted.txt', '%2fplanted.txt', '/etc/passwd', '%2f..%2fplanted.txt', '']) {
        const { code, text } = await call(ground, { path: `${base}${up}${rest}` });
        expect([code, text.includes('planted-secret'), text.includes('root:')]).toEqual([code, false, false]);
        expect([301, 302, 307, 308, 500]).not.toContain(code);
      }
  });
});
