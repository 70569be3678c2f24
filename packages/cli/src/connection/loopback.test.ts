import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type Loopback, openLoopback } from './loopback.ts';

const state = 'planted-state';
const opened: Loopback[] = [];
const open = async (waitMs = 60_000): Promise<Loopback> => {
  const loopback = await openLoopback(state, waitMs);
  opened.push(loopback);
  return loopback;
};
afterEach(() => {
  for (const loopback of opened.splice(0)) loopback.close();
});

/** `path` as it is: fetch would tidy it up. */
const ask = (port: number, path: string, options: object = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, ...options }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on('error', reject).end();
  });

it('waits on whatever comes without its state, by another name or in another way', async () => {
  const { port, answer } = await open();
  const right = `/?code=c&state=${state}`;
  expect(await ask(port, '/?code=x&state=other')).toBe(400);
  expect(await ask(port, '//')).toBe(400);
  expect(await ask(port, `/other?code=x&state=${state}`)).toBe(400);
  expect(await ask(port, right, { method: 'POST' })).toBe(400);
  expect(await ask(port, right, { headers: { host: `evil.example:${port}` } })).toBe(400);
  expect(await ask(port, right)).toBe(200);
  expect((await answer).get('code')).toBe('c');
});

it('gives up when nobody answers in time, and says what to do', async () => {
  const { answer } = await open(1);
  await expect(answer).rejects.toMatchObject({ remedy: expect.stringContaining('--user') });
});

it('leaves nothing open on close, also what a browser has opened and not used', async () => {
  const loopback = await open();
  const unused = connect(loopback.port, '127.0.0.1');
  await new Promise((resolve) => unused.once('connect', resolve));
  const cut = new Promise((resolve) => unused.on('error', () => undefined).once('close', resolve));
  await ask(loopback.port, '/');
  loopback.close();
  await cut;
  await expect(ask(loopback.port, '/')).rejects.toThrow(/ECONNREFUSED/);
});
