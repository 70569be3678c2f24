import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drover } from '../testing/drover.ts';
import { type FakeController, startFakeController } from '../testing/fake-controller.ts';

let fake: FakeController;
const home = () => ({ contextFile: fake.contextFile, home: fake.directory });

const node = (name: string, ready: 'True' | 'False') => ({
  metadata: { name, creationTimestamp: new Date(0).toISOString() },
  spec: {},
  status: {
    conditions: [{ type: 'Ready', status: ready, message: 'not connected since 12:04' }],
    addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    nodeInfo: { osImage: 'Debian 12', kubeletVersion: 'drover/1' },
  },
});

beforeEach(async () => {
  fake = await startFakeController();
  const resource = (plural: string, kind: string, short: string) => ({
    resource: plural,
    responseKind: { group: '', version: 'v1', kind },
    scope: kind === 'Node' ? 'Cluster' : 'Namespaced',
    singularResource: kind.toLowerCase(),
    shortNames: [short],
    verbs: ['get', 'list'],
  });
  const resources = [resource('nodes', 'Node', 'no'), resource('configmaps', 'ConfigMap', 'cm')];
  fake.on('GET', '/api', () => ({ items: [{ metadata: {}, versions: [{ version: 'v1', resources }] }] }));
  fake.on('GET', '/apis', () => ({ items: [] }));
});
afterEach(() => fake.close());

describe('lists', () => {
  test('drover nodes shows state, system, addresses, agent and age in the order of people', async () => {
    fake.on('GET', '/api/v1/nodes', (request) =>
      request.query['continue'] === undefined
        ? { metadata: { resourceVersion: '1', continue: 'more' }, items: [node('web10', 'False')] }
        : { metadata: { resourceVersion: '1' }, items: [node('web9', 'True')] },
    );
    const done = await drover(['nodes'], home());
    const rows = done.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 5));
    expect(rows.slice(0, 3)).toEqual([
      ['NAME', 'STATE', 'OS', 'ADDRESSES', 'AGENT'],
      ['web9', 'Ready', 'Debian 12', '10.0.0.1', 'drover/1'],
      ['web10', 'NotReady', 'Debian 12', '10.0.0.1', 'drover/1'],
    ]);
  });

  test('-o json, yaml and name are for programs', async () => {
    fake.on('GET', '/api/v1/nodes/web1', () => ({ apiVersion: 'v1', kind: 'Node', ...node('web1', 'True') }));
    const json = await drover(['get', 'no', 'web1', '-o', 'json'], home());
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Node', metadata: { name: 'web1' } });
    const yaml = await drover(['get', 'node/web1', '-o', 'yaml'], home());
    expect(yaml.stdout).toContain('kind: Node\nmetadata:\n  name: web1\n');
    expect((await drover(['get', 'Node', 'web1', '-o', 'name'], home())).stdout).toBe('node/web1\n');
  });

  test('text of objects cannot steer the terminal', async () => {
    const evil = node('web1', 'True');
    evil.status.nodeInfo.osImage = 'evil\x1b]0;owned\x07\x1b[2J';
    fake.on('GET', '/api/v1/nodes', () => ({ metadata: {}, items: [evil] }));
    const { stdout } = await drover(['nodes'], home());
    expect([...'\x07\x1b'].some((character) => stdout.includes(character))).toBe(false);
  });

  test('an unknown kind is refused with those that are served', async () => {
    const done = await drover(['get', 'unicorns'], home());
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining('nodes, configmaps')]);
  });
});

describe('drover apply', () => {
  const path = '/api/v1/namespaces/default/configmaps/c1';
  const write = (data: Record<string, string>) =>
    fs.writeFileSync(
      join(fake.directory, 'c1.yaml'),
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c1}\ndata: ${JSON.stringify(data)}\n`,
    );

  test('creates, then leaves alone, then changes only what the file changed', async () => {
    let live: Record<string, unknown> | undefined;
    let patched: unknown;
    fake.on('POST', '/api/v1/namespaces/default/configmaps', (request) => {
      live = request.body as Record<string, unknown>;
      return live;
    });
    fake.on('PATCH', path, (request) => {
      patched = request.body;
      return live;
    });
    write({ a: '1', b: '2' });
    expect((await drover(['apply', '-f', 'c1.yaml'], home())).stdout).toBe('configmap/c1 created\n');
    fake.on('GET', path, () => ({ ...live, data: { ...(live?.['data'] as object), other: 'kept' } }));
    expect((await drover(['apply', '-f', 'c1.yaml'], home())).stdout).toBe('configmap/c1 unchanged\n');
    write({ a: '3' });
    expect((await drover(['apply', '-f', 'c1.yaml'], home())).stdout).toBe('configmap/c1 configured\n');
    expect(patched).toMatchObject({ data: { a: '3', b: null } });
    expect(patched).not.toHaveProperty('data.other');
  });

  test('a file that cannot be meant is refused with its place', async () => {
    fs.writeFileSync(join(fake.directory, 'bad.yaml'), 'kind: Node\nmetadata: {name: x}\n');
    const done = await drover(['apply', '-f', 'bad.yaml'], home());
    expect([done.code, done.stderr]).toEqual([2, expect.stringContaining('cannot use bad.yaml: apiVersion')]);
  });
});

describe('signing in', () => {
  const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const asAdmin = { status: { userInfo: { username: 'admin', groups: [] } } };

  test('by pin and token; the context is kept for its owner only and used from then on', async () => {
    const { caPem, caPin } = fake.certificates;
    fake.on('GET', '/join/ca.pem', (_, response) => void response.writeHead(200).end(caPem));
    fake.on('GET', '/api/v1/nodes', () => ({ metadata: {}, items: [node('web1', 'True')] }));
    fake.on('POST', whoAmI, () => asAdmin);
    const own = { home: fake.directory };
    const wrong = await drover(['login', fake.address, '--token', 'tok', '--ca-pin', '0'.repeat(64)], own);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining(`has pin ${caPin}`)]);
    expect(fake.seen.some((request) => request.headers.authorization !== undefined)).toBe(false);
    const done = await drover(['login', fake.address, '--token', '-', '--ca-pin', caPin], {
      ...own,
      input: 'tok\n',
    });
    expect([done.code, done.stderr]).toEqual([0, '']);
    const config = join(fake.directory, '.config/drover/config.json');
    expect(fs.statSync(config).mode & 0o777).toBe(0o600);
    expect((await drover(['nodes'], own)).stdout).toContain('web1');
    expect(fake.seen.at(-1)?.headers.authorization).toBe('Bearer tok');
    expect((await drover(['context', 'list'], own)).stdout).toContain(fake.address);
  });

  test('a one-time link is traded for a token', async () => {
    fs.writeFileSync(join(fake.directory, 'ca.pem'), fake.certificates.caPem);
    fake.on('GET', '/sign-in', (_, response) => {
      response.writeHead(303, { 'set-cookie': 'session=s1; HttpOnly', location: '/' }).end();
    });
    fake.on('POST', '/auth/tokens', (request) => ({ token: `for-${request.headers.cookie}` }));
    fake.on('POST', '/auth/sign-out', () => ({}));
    fake.on('POST', whoAmI, () => asAdmin);
    const link = `${fake.address}/sign-in?link=once`;
    const done = await drover(['login', '--link', link, '--ca-file', 'ca.pem'], { home: fake.directory });
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(fake.seen.at(-1)?.headers.authorization).toBe('Bearer for-session=s1');
  });

  test('without a pin or CA nobody is trusted', async () => {
    const done = await drover(['login', fake.address, '--token', 'tok'], { home: fake.directory });
    expect([done.code, done.stderr]).toEqual([2, expect.stringContaining('neither --ca-pin nor --ca-file')]);
    expect(fake.seen).toEqual([]);
  });
});
