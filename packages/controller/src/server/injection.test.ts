// What is sent to us stays what it is: it begins no header and no line of the log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../platform/log.ts';
import { makePerson } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';
import { call } from './test-people.ts';
import { exchange, head } from './test-wire.ts';

const password = 'correct horse battery';
const lines: string[] = [];
let ground: Ground;
beforeAll(async () => {
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
  ground = await openGround({ log });
  await makePerson(ground, 'alice', password);
});
afterAll(() => ground.close());

const evil = 'x\r\nSet-Cookie: evil=1\r\n\r\n<script>';
const configMaps = '/api/v1/namespaces/default/configmaps';

const post = (path: string, body: string, type = 'application/json'): string => {
  const lines = ['Connection: close', `Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`];
  return `${head(ground, 'POST', path, ...lines)}${body}`;
};

/** The code of the answer, and its headers as they are on the wire, with names in small letters. */
const answerTo = async (request: string) => {
  const [top = ''] = (await exchange(ground, request, 10_000)).split('\r\n\r\n', 1);
  const [first = '', ...rest] = top.split('\r\n');
  const headers = rest.map((line): readonly [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
  });
  const values = (name: string) => headers.filter(([one]) => one === name).map(([, value]) => value);
  return { code: /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1], headers, values };
};

const named = (name: string, more: object = {}): string => JSON.stringify({ metadata: { name }, ...more });
const query = encodeURIComponent(evil);
const signIn = (next: string): string =>
  post(
    '/auth/sign-in',
    new URLSearchParams({ user: 'alice', password, next }).toString(),
    'application/x-www-form-urlencoded',
  );

describe('text with line ends', () => {
  it.each([
    ['in a name', '422', () => post(configMaps, named(evil))],
    ['in the path', '404', () => head(ground, 'GET', `${configMaps}/${query}`, 'Connection: close')],
    ['in a path of no route', '404', () => head(ground, 'GET', `/${query}`, 'Connection: close')],
    ['in the manager of fields', '422', () => post(`${configMaps}?fieldManager=${query}`, named('a'))],
    ['in a choice of the query', '400', () => post(`${configMaps}?fieldValidation=${query}`, named('b'))],
    [
      'in a selector',
      '400',
      () => head(ground, 'GET', `${configMaps}?labelSelector=${query}`, 'Connection: close'),
    ],
  ])('begins no header: %s', async (_, code, request) => {
    const answer = await answerTo(request());
    expect(answer.code).toBe(code);
    expect(answer.values('set-cookie')).toEqual([]);
    expect(JSON.stringify(answer.headers)).not.toContain('evil');
  });

  it('is in a warning, as one line of it', async () => {
    const answer = await answerTo(
      post(`${configMaps}?fieldValidation=Warn&dryRun=All`, named('c', { [evil]: 1 })),
    );
    expect(answer.code).toBe('201');
    expect(answer.values('warning')).toEqual([
      '299 - "unknown field \\"[x??Set-Cookie: evil=1????<script>]\\""',
    ]);
    expect(answer.values('set-cookie')).toEqual([]);
  });

  const elsewhere = [
    ...[evil, `/${evil}`, '/\r\nSet-Cookie: evil=1', '/a\nb'],
    ...['//evil.example', '/\\evil.example', 'https://evil.example'],
  ];
  const byLink = async (next: string): Promise<string> => {
    const link = await ground.auth.createLink('alice', 60_000);
    return head(ground, 'GET', `/sign-in?link=${link}&next=${encodeURIComponent(next)}`, 'Connection: close');
  };

  it.each([
    ['with a password', async (next: string) => signIn(next)],
    ['with a link', byLink],
  ])('leads nowhere after signing in %s', async (_, request) => {
    const well = await answerTo(await request('/console/nodes?a=b'));
    expect([well.code, well.values('location')]).toEqual(['303', ['/console/nodes?a=b']]);
    for (const next of elsewhere) {
      const answer = await answerTo(await request(next));
      expect([answer.code, answer.values('location')]).toEqual(['303', ['/']]);
      expect(answer.values('set-cookie')).toEqual([expect.stringMatching(/^__Host-[^;]+; /)]);
    }
  });

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
