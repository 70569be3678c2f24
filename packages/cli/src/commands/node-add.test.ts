import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksSshd, startSshd, type TestSshd } from '../../../ssh/src/testing/sshd.ts';
import { drover } from '../testing/drover.ts';
import { type FakeController, startFakeController } from '../testing/fake-controller.ts';

let fake: FakeController;
let sshd: TestSshd;

/** Answers like a controller to which a server named web1 joins with the token as soon as it was made. */
const scriptEnrolment = (joinCommand: string) => {
  let used = false;
  fake.on('POST', '/apis/drover.dev/v1alpha1/enrollmenttokens', (request) => ({
    ...(request.body as object),
    metadata: { name: 'join-t1' },
    status: { joinCommand },
  }));
  fake.on('GET', '/apis/certificates.k8s.io/v1/certificatesigningrequests', (_, response) => {
    const object = {
      metadata: { name: 'node-web1', annotations: { 'drover.dev/node': 'web1' } },
      spec: { username: 'system:bootstrap:join-t1' },
    };
    response.writeHead(200).write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
  });
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  fake.on('GET', '/api/v1/nodes', () => ({
    metadata: { resourceVersion: '1' },
    items: [{ metadata: { name: 'web1' }, status: ready }],
  }));
  fake.on('DELETE', '/apis/drover.dev/v1alpha1/enrollmenttokens/*', () => {
    used = true;
    return {};
  });
  return { wasDeleted: () => used };
};

const target = () => `${sshd.user}@127.0.0.1:${sshd.port}`;
const writeKnown = (name: string, lines: readonly string[]) => {
  const path = join(fake.directory, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
};
const add = (...more: string[]) =>
  drover(['node', 'add', target(), '--key', sshd.keyFile, '--timeout', '20s', ...more], {
    contextFile: fake.contextFile,
    home: fake.directory,
  });

describe.skipIf(lacksSshd)('drover node add', () => {
  let place = '';
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'drover-sshd-'));
    sshd = await startSshd(place);
  });
  afterAll(async () => {
    await sshd.close();
    rmSync(place, { recursive: true, force: true });
  });
  beforeEach(async () => {
    fake = await startFakeController();
    mkdirSync(join(fake.directory, '.ssh'));
  });
  afterEach(() => fake.close());

  const joinLine = () =>
    `DROVER_TOKEN=id.secret sh -c 'echo "$DROVER_TOKEN" > "$1"; tr "\\0" " " < /proc/self/cmdline > "$1.argv"' x ${join(fake.directory, 'joined')}`;

  test('a server whose key known_hosts holds joins, and the secret is in no argument', async () => {
    scriptEnrolment(joinLine());
    const known = sshd.hostKeys.map((key) => `[127.0.0.1]:${sshd.port} ${key}`);
    const done = await add('--known-hosts', writeKnown('known', known));
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('node web1 is Ready')]);
    expect(readFileSync(join(fake.directory, 'joined'), 'utf8')).toBe('id.secret\n');
    expect(readFileSync(join(fake.directory, 'joined.argv'), 'utf8')).not.toContain('id.secret');
  });

  test('hashed entries and entries for one kind of key are enough', async () => {
    scriptEnrolment(joinLine());
    const rsa = sshd.hostKeys.filter((key) => key.startsWith('ssh-rsa'));
    const path = writeKnown(
      'hashed',
      rsa.map((key) => `[127.0.0.1]:${sshd.port} ${key}`),
    );
    execFileSync('ssh-keygen', ['-q', '-H', '-f', path], { stdio: 'ignore' });
    expect(readFileSync(path, 'utf8')).toMatch(/^\|1\|/);
    const done = await add('--known-hosts', path);
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('node web1 is Ready')]);
  });

  test('the default known_hosts of the user is read', async () => {
    scriptEnrolment(joinLine());
    writeKnown('.ssh/known_hosts', [`[127.0.0.1]:${sshd.port} ${sshd.hostKeys[0]}`]);
    expect((await add()).code).toBe(0);
  });

  test('a named fingerprint of any of its keys is accepted, another is not', async () => {
    scriptEnrolment(joinLine());
    expect((await add('--fingerprint', sshd.fingerprint('rsa'))).code).toBe(0);
    const wrong = await add('--fingerprint', `SHA256:${'A'.repeat(43)}`);
    expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringContaining('another key than expected')]);
  });

  test.each([
    ['of no file', () => [], 'its key is in no known_hosts file'],
    [
      'of another port',
      () => sshd.hostKeys.map((key) => `127.0.0.1 ${key}`),
      'its key is in no known_hosts file',
    ],
    [
      'that changed',
      () => [`[127.0.0.1]:${sshd.port} ssh-ed25519 ${Buffer.from('other').toString('base64')}`],
      'another key',
    ],
    [
      'that is revoked',
      () => sshd.hostKeys.map((key) => `@revoked [127.0.0.1]:${sshd.port} ${key}`),
      'is revoked',
    ],
  ])('a key %s is refused before anything is sent', async (_, lines, why) => {
    scriptEnrolment(joinLine());
    const done = await add('--known-hosts', writeKnown('known', lines()));
    expect([done.code, done.stdout]).toEqual([1, expect.stringContaining(why)]);
    expect(fake.seen).toEqual([]);
  });

  test('a join line that fails is told with its last words, and the token is taken back', async () => {
    const enrolment = scriptEnrolment(`DROVER_TOKEN=id.secret sh -c 'echo "no python here" >&2; exit 3'`);
    fake.on('GET', '/apis/certificates.k8s.io/v1/certificatesigningrequests', (_, response) => {
      response.writeHead(200).flushHeaders();
    });
    const done = await add('--fingerprint', sshd.fingerprint('ed25519'));
    expect([done.code, done.stdout]).toEqual([1, expect.stringContaining('it ended with 3: no python here')]);
    expect(enrolment.wasDeleted()).toBe(true);
  });
});
