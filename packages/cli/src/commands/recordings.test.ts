import { afterEach, beforeEach, expect, test } from 'vitest';
import { drover } from '../testing/drover.ts';
import { type FakeController, sendStatus, startFakeController } from '../testing/fake-controller.ts';

let fake: FakeController;
const home = () => ({ contextFile: fake.contextFile, home: fake.directory });
const cast = `{"version":2,"width":80,"height":24}\n[0.2,"o","$ ls\\r\\n"]\n[3600,"o","file\\r\\n"]\n`;

beforeEach(async () => {
  fake = await startFakeController();
  fake.on('GET', '/recordings/tape', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-asciicast' }).end(cast);
  });
});
afterEach(() => fake.close());

test('drover recordings replay shows what was seen, or the file itself', async () => {
  const played = await drover(
    ['recordings', 'replay', 'tape', '--speed', '8', '--max-pause', '0.01'],
    home(),
  );
  expect(played).toMatchObject({ code: 0, stdout: '$ ls\r\nfile\r\n' });
  expect((await drover(['recordings', 'replay', 'tape', '--raw'], home())).stdout).toBe(cast);
});

test('drover recordings replay refuses a speed that is none before it asks for anything', async () => {
  const done = await drover(['recordings', 'replay', 'tape', '--speed', '0'], home());
  expect(done).toMatchObject({ code: 2, stdout: '' });
  expect(done.stderr).toContain('cannot use --speed 0');
  expect(fake.seen).toEqual([]);
});

test('who may not see recordings is told so', async () => {
  fake.on('GET', '/recordings/other', (_request, response) =>
    sendStatus(response, 403, 'Forbidden', 'forbidden: User "ada" cannot get path "/recordings/other"'),
  );
  const done = await drover(['recordings', 'replay', 'other'], home());
  expect(done.code).not.toBe(0);
  expect(done.stderr).toContain('User "ada" cannot get path "/recordings/other"');
});
