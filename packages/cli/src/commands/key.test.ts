import { createPublicKey, verify } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandRunSpec } from '@drover/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drover } from '../testing/drover.ts';
import { type FakeController, startFakeController } from '../testing/fake-controller.ts';
import { scriptWork } from '../testing/fake-work.ts';

let fake: FakeController;
const home = () => ({ contextFile: fake.contextFile, home: fake.directory });
const path = (name: string): string => join(fake.directory, name);

beforeEach(async () => {
  fake = await startFakeController();
});
afterEach(() => fake.close());

/** The fleet: these nodes with these labels; a label selector `x=y` is obeyed. */
const scriptNodes = (nodes: Readonly<Record<string, Readonly<Record<string, string>>>>): void =>
  fake.on('GET', '/api/v1/nodes', ({ query }) => {
    const [label = '', value] = (query['labelSelector'] ?? '').split('=');
    const items = Object.entries(nodes)
      .filter(([, labels]) => label === '' || labels[label] === value)
      .map(([name, labels]) => ({ metadata: { name, labels } }));
    return { metadata: { resourceVersion: '1' }, items };
  });
const strict = { 'drover.dev/signing': 'required' };
/** The controller says what it says of unsigned runs on strict nodes. */
const refuseUnsigned = (): void => {
  const message = 'node web1 takes signed requests only';
  const causes = [{ reason: 'FieldValueRequired', field: 'spec.signed', message }];
  fake.on('POST', '/apis/drover.dev/v1alpha1/namespaces/default/commandruns', (_, response) => {
    const status = { kind: 'Status', code: 422, reason: 'Invalid', message, details: { causes } };
    response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(status));
  });
};
const makeKey = (name: string) => drover(['key', 'create', '--out', name, '--no-passphrase'], home());
const posted = (work: ReturnType<typeof scriptWork>) => work.posted()?.['spec'] as CommandRunSpec | undefined;

// Each starts several processes.
const slow = { timeout: 60_000 };

describe('drover key', slow, () => {
  test('a key is for its owner only, and its public half is what a policy wants', async () => {
    const made = await makeKey('own.pem');
    expect([made.code, statSync(path('own.pem')).mode & 0o777]).toEqual([0, 0o600]);
    const shown = await drover(['key', 'show', '--key', 'own.pem', '--name', 'ann'], home());
    const signer = JSON.parse(shown.stdout) as { readonly name: string; readonly key: string };
    const key = createPublicKey({ key: Buffer.from(signer.key, 'base64'), format: 'der', type: 'spki' });
    expect([signer.name, key.asymmetricKeyDetails?.namedCurve]).toEqual(['ann', 'prime256v1']);
    const id = await drover(['key', 'show', '--key', 'own.pem', '-o', 'name'], home());
    expect(made.stdout).toBe(`${id.stdout.trim()} is in own.pem\n`);
  });

  test('a key under a passphrase opens with it only, and the passphrase is shown nowhere', async () => {
    const made = await drover(['key', 'create', '--out', 'own.pem'], { ...home(), input: 'correct horse\n' });
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(readFileSync(path('own.pem'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    const show = (input: string) => drover(['key', 'show', '--key', 'own.pem'], { ...home(), input });
    expect((await show('correct horse\n')).code).toBe(0);
    const wrong = await show('wrong horse\n');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('the passphrase is not right')]);
  });

  test('without --out a key is beside the contexts, where show and the context find it', async () => {
    const where = { ...home(), environment: { DROVER_CONFIG: path('conf/config.json') } };
    expect((await drover(['key', 'create', '--no-passphrase'], where)).code).toBe(0);
    expect((await drover(['key', 'show'], where)).stdout).toContain('"key":');
    const again = await drover(['key', 'create', '--no-passphrase'], where);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('keys are never overwritten')]);
  });
});

describe('signing a run', slow, () => {
  test('groups and labels are resolved here, and what is posted is what was signed', async () => {
    await makeKey('own.pem');
    scriptNodes({
      web1: { 'group.drover.dev/web': '', rack: 'a' },
      web2: { 'group.drover.dev/web': '' },
      db1: strict,
    });
    const work = scriptWork(fake, 'commandruns', (made) => made.end('Succeeded'));
    const words = ['run', '-n', '@web,db1,new1', '--ttl', '10m', '--sign', 'own.pem', '--', 'id'];
    const done = await drover(words, home());
    expect([done.code, done.stderr]).toEqual([
      0,
      expect.stringContaining('signed for 4 nodes: db1,new1,web[1-2]\n'),
    ]);
    const spec = posted(work);
    expect(spec?.targets).toEqual({ nodeSet: 'db1,new1,web[1-2]' });
    expect(spec?.offline.expireSeconds).toBe(600);
    const { payload = '', signatures = [] } = spec?.signed ?? {};
    const request = JSON.parse(payload) as { readonly issuedAtMs: number; readonly expiresAtMs: number };
    expect(request).toMatchObject({
      nodes: 'db1,new1,web[1-2]',
      timeoutMs: 3_600_000,
      command: { argv: ['id'] },
    });
    expect(request.expiresAtMs - request.issuedAtMs).toBe(600_000);
    const key = {
      key: createPublicKey(readFileSync(path('own.pem'), 'utf8')),
      dsaEncoding: 'ieee-p1363',
    } as const;
    const [{ signature = '' } = {}] = signatures;
    expect(verify('sha256', Buffer.from(payload), key, Buffer.from(signature, 'base64'))).toBe(true);
  });

  test('without a key the refusal says what to do, and nobody is asked anything before', async () => {
    refuseUnsigned();
    const refused = await drover(['run', '-n', 'web1', '--', 'id'], home());
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^drover: cannot start: node web1 takes .*\n {2}sign it with --sign KEY/),
    ]);
    expect(fake.seen.map(({ method }) => method)).toEqual(['POST']);
  });

  test('before a long upload nodes that take signed requests only are named', async () => {
    scriptNodes({ web1: {}, db1: { ...strict, rack: 'a' }, db2: strict });
    for (const [nodes, told] of [
      [['-n', 'web1,db[1-2]'], '2 nodes db[1-2] take'],
      [['-n', '*'], '2 nodes db[1-2] take'],
      [['-n', 'd*!db2'], 'node db1 takes'],
      [['-l', 'rack=a'], 'node db1 takes'],
    ] as const) {
      const refused = await drover(['push', fake.contextFile, ':/srv/', ...nodes], home());
      expect([refused.code, refused.stderr]).toEqual([
        1,
        expect.stringContaining(`cannot start: ${told} signed`),
      ]);
    }
    expect(fake.seen.some(({ method }) => method !== 'GET')).toBe(false);
  });

  test('the key of the context signs without being named', async () => {
    await makeKey('own.pem');
    scriptNodes({ web1: strict });
    const context = JSON.parse(readFileSync(fake.contextFile, 'utf8')) as object;
    const config = { current: 'a', contexts: { a: context } };
    writeFileSync(path('config.json'), JSON.stringify(config));
    const where = { home: fake.directory, environment: { DROVER_CONFIG: path('config.json') } };
    const set = await drover(['context', 'set', '--signing-key', 'own.pem'], where);
    expect(set.stdout).toBe(`a signs with ${path('own.pem')}\n`);
    const work = scriptWork(fake, 'commandruns', (made) => made.end('Succeeded'));
    expect((await drover(['run', '-n', 'web1', '--', 'id'], where)).code).toBe(0);
    expect(posted(work)?.signed?.signatures).toHaveLength(1);
    expect((await drover(['context', 'set', '--no-signing-key'], where)).stdout).toBe('a does not sign\n');
    refuseUnsigned();
    expect((await drover(['run', '-n', 'web1', '--', 'id'], where)).code).toBe(1);
  });

  test('a key that is none, or without which nothing is to be signed, is refused before anything is sent', async () => {
    writeFileSync(path('none.pem'), 'no key\n', { mode: 0o600 });
    for (const [words, told] of [
      [['--sign', 'none.pem'], 'it holds no private key in PEM'],
      [['--sign', 'missing.pem'], 'cannot read the key missing.pem'],
      [['--ttl', '5m'], 'nothing is signed'],
    ] as const) {
      const done = await drover(['run', '-n', 'web1', ...words, '--', 'id'], home());
      expect([done.code, done.stderr]).toEqual([2, expect.stringContaining(told)]);
    }
    expect(fake.seen).toEqual([]);
  });
});
