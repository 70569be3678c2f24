// What requests leave in the audit trail, and what they never leave there.
import { ApiError, type AuditRecord, commandRunKind } from '@drover/api';
import { type Call, configMaps, createClient, enrollmentTokens, nodes, secrets } from '@drover/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/harness/wait.ts';
import { adminUser } from '../auth/auth.ts';
import type { OpenShell } from '../platform/shell.ts';
import { type Ground, openGround } from './test-ground.ts';
import { leftBy, rowsOf } from './test-trail.ts';

const echo: OpenShell = async (_request, { onClose }) => ({
  write: async () => onClose(3, ''),
  resize: async () => undefined,
  close: async () => undefined,
});

let ground: Ground;
let why: string | undefined;

beforeAll(async () => {
  ground = await openGround({ openShell: echo, refusal: () => why });
});
afterAll(() => ground.close());

const rows = (after = 0) => rowsOf(ground, after);
const left = (work: () => Promise<unknown>) => leftBy(ground, work);

const json = (call: Call) => ground.client.http.json<Record<string, unknown>>(call);
const asNobody = () =>
  createClient({ address: ground.address, caPem: ground.caPem, token: 'drover_wrong' }).http;

const map = (name: string) => ({ metadata: { name }, data: { a: 'b' } });

describe('a request that changes something', () => {
  it('has one row with who, what, from where and what it became', async () => {
    const [row, ...more] = await left(() => ground.client.create(configMaps, map('one')));
    const made = await ground.client.get(configMaps, 'one');

    expect(more).toEqual([]);
    expect(row).toMatchObject({
      user: adminUser,
      groups: ['system:masters', 'system:authenticated'],
      credential: expect.stringMatching(/^token\/[0-9a-z]{26}$/),
      verb: 'create',
      resource: 'configmaps',
      namespace: 'default',
      name: 'one',
      uid: made.metadata.uid,
      resourceVersion: made.metadata.resourceVersion,
      address: '127.0.0.1',
      decision: 'allow',
      code: 201,
    });
  });

  it('has a row of the same number as its Audit-Id', async () => {
    const answer = await ground.client.http.open({
      method: 'POST',
      path: '/api/v1/namespaces/default/configmaps',
      body: map('two'),
    });
    answer.resume();
    expect((await rows()).at(-1)?.requestId).toBe(answer.headers['audit-id']);
  });

  it.each<[string, () => Promise<unknown>, Partial<AuditRecord>]>([
    [
      'already exists',
      () => ground.client.create(configMaps, map('one')),
      { code: 409, reason: 'AlreadyExists' },
    ],
    [
      'is not valid',
      () => ground.client.create(configMaps, map('NOT A NAME')),
      { code: 422, reason: 'Invalid', name: 'NOT A NAME' },
    ],
    [
      'is not there',
      () => ground.client.delete(configMaps, 'none'),
      { code: 404, verb: 'delete', name: 'none' },
    ],
    [
      'is only tried',
      () =>
        json({
          method: 'DELETE',
          path: '/api/v1/namespaces/default/configmaps/one',
          query: { dryRun: 'All' },
        }),
      { code: 200, verb: 'delete', name: 'one', dryRun: true },
    ],
    [
      'changes nothing',
      () => ground.client.patch(configMaps, 'one', { type: 'merge', body: { data: { a: 'b' } } }),
      { code: 200, verb: 'patch' },
    ],
    [
      'has no such method',
      () => json({ method: 'POST', path: '/api/v1/pods', body: {} }),
      { code: 405, verb: 'post', resource: '/api/v1/pods' },
    ],
    [
      'is sent with a wrong token',
      () => asNobody().json({ method: 'POST', path: '/api/v1/nodes', body: {} }),
      { code: 401, decision: 'deny', user: '', resource: 'nodes' },
    ],
    [
      'reads with a wrong token',
      () => asNobody().json({ path: '/api/v1/nodes' }),
      { code: 401, decision: 'deny', user: '', verb: 'list' },
    ],
    [
      'updates an agent that is away',
      async () => {
        await ground.client.create(nodes, { metadata: { name: 'away' } });
        await ground.client.updateAgent('away');
      },
      { code: 503, verb: 'update', resource: 'agents', name: 'away' },
    ],
  ])('has a row when it %s', async (_what, work, wanted) => {
    expect((await left(work)).at(-1)).toMatchObject(wanted);
  });

  it('has a row for each object of a collection, and one for the whole', async () => {
    const found = await left(() => json({ method: 'DELETE', path: '/api/v1/namespaces/default/configmaps' }));
    expect(found.map(({ verb, name }) => [verb, name])).toEqual([
      ['deletecollection', expect.any(String)],
      ['deletecollection', expect.any(String)],
      ['deletecollection', undefined],
    ]);
  });

  it('is refused while rows cannot be copied and must be, and reads are not', async () => {
    why = 'the disk is full';
    const found = await left(() => ground.client.create(configMaps, map('three')));
    await ground.client.list(nodes);
    why = undefined;
    expect(found).toMatchObject([{ code: 503, reason: 'ServiceUnavailable', name: 'three' }]);
  });

  it('is not told as done when its row cannot be written; a refusal stays what it is', async () => {
    // The disk fills up between the request and its row.
    const audit = ground.store.audit as { append: Ground['store']['audit']['append'] };
    const { append } = audit;
    audit.append = async () => {
      throw new ApiError('InsufficientStorage', 'cannot store: the disk of the data directory is full');
    };
    await ground.client.create(configMaps, map('full'));
    const path = '/api/v1/namespaces/default/configmaps/full';
    const tried = json({ method: 'DELETE', path, query: { dryRun: 'All' } });
    await expect(tried).rejects.toMatchObject({ reason: 'InsufficientStorage' });
    const refused = ground.client.create(configMaps, map('full'));
    await expect(refused).rejects.toMatchObject({ reason: 'AlreadyExists' });
    audit.append = append;
    expect((await rows()).at(-1)).toMatchObject({ verb: 'create', name: 'full', code: 201 });
  });

  it('that applies on the server has the code of what it came to', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } };
    const path = '/api/v1/namespaces/default/configmaps/applied';
    const call = { method: 'PATCH', path, query: { fieldManager: 'test' }, body: object } as const;
    const apply = () => json({ ...call, contentType: 'application/apply-patch+yaml' });
    const row = { verb: 'patch', name: 'applied', decision: 'allow' };
    expect(await left(apply)).toMatchObject([{ ...row, code: 201, resourceVersion: expect.any(String) }]);
    expect(await left(apply)).toMatchObject([{ ...row, code: 200 }]);
  });

  it('leaves nothing when it only reads', async () => {
    expect(await left(() => ground.client.list(nodes))).toEqual([]);
  });

  it('leaves nothing when it only asks about permissions', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const spec = { resourceAttributes: { verb: 'get', resource: 'nodes' } };
    expect(await left(() => json({ method: 'POST', path, body: { spec } }))).toEqual([]);
  });
});

describe('a run', () => {
  const run = {
    apiVersion: 'drover.dev/v1alpha1',
    kind: commandRunKind.kind,
    metadata: { generateName: 'run-' },
    spec: {
      argv: ['app', '--password=planted-1', '--verbose'],
      env: { KEY: 'planted-2' },
      stdin: 'planted-3',
      targets: { nodeSet: 'web[1-3]' },
    },
  };

  it('tells where it is to go and its command, and nothing secret', async () => {
    const found = await left(() =>
      json({ method: 'POST', path: '/apis/drover.dev/v1alpha1/namespaces/default/commandruns', body: run }),
    );
    expect(found).toMatchObject([
      {
        group: 'drover.dev',
        resource: 'commandruns',
        nodes: { asked: 'web[1-3]' },
        argv: ['app', '--password=***', '--verbose'],
        objectSha256: expect.any(String),
      },
    ]);
    expect(JSON.stringify(found)).not.toContain('planted');
  });

  it('tells nothing of its script, also when it is refused', async () => {
    const script = { source: 'echo planted-4' };
    const { argv: _, ...spec } = run.spec;
    const path = '/apis/drover.dev/v1alpha1/namespaces/default/commandruns';
    const bad = { ...run, spec: { ...spec, script, unknown: 'planted-5', env: 'planted-6' } };
    const found = await left(() => json({ method: 'POST', path, body: bad }));
    expect(found).toMatchObject([{ code: 400, reason: 'BadRequest' }]);
    expect(JSON.stringify(found)).not.toContain('planted');
  });
});

it('content that was made known has a row, the pieces of an upload have none', async () => {
  const found = await left(async () => {
    await json({ method: 'POST', path: '/content/uploads', body: { sizeBytes: 1 } });
    await json({ method: 'PUT', path: '/content/uploads/x', query: { offset: 0 }, body: {} });
    await json({ method: 'POST', path: '/content/uploads/x/finish', body: { sha256: 'y' } });
  });
  expect(found).toMatchObject([
    { verb: 'create', resource: 'content', name: '/content/uploads/x/finish', decision: 'allow' },
  ]);
});

it('a Secret and an enrolment token leave names only', async () => {
  const found = await left(async () => {
    const secret = { metadata: { name: 's' }, stringData: { password: 'planted-7' } };
    await ground.client.create(secrets, secret);
    const token = await ground.client.create(enrollmentTokens, {
      metadata: { name: 't' },
      spec: { maxUses: 1 },
    });
    const command = token.status?.joinCommand ?? '';
    expect(JSON.stringify(await rows())).not.toContain(/DROVER_TOKEN=t\.(\S+)/.exec(command)?.[1] ?? command);
  });
  expect(found.map(({ name }) => name)).toEqual(['s', 't']);
  expect(JSON.stringify(found)).not.toContain('planted');
  expect(found[0]).not.toHaveProperty('objectSha256');
});

it('a shell is in the trail when it opens, when it closes with its recording, and when it is refused', async () => {
  await ground.client.create(nodes, { metadata: { name: 'web9' } });
  const found = await left(async () => {
    const terminal = await ground.client.shell('web9', { columns: 80, rows: 24, argv: ['top'] });
    await terminal.write('q');
    await terminal.ended;
    await waitFor('the row of the end', async () => (await rows()).at(-1)?.verb === 'close');
    await ground.client.shell('absent', { columns: 80, rows: 24 });
  });
  const [recording] = await ground.client.recordings();
  expect(found).toMatchObject([
    { verb: 'create', subresource: 'shell', name: 'web9', argv: ['top'], recording: recording?.id },
    { verb: 'close', subresource: 'shell', name: 'web9', recording: recording?.id, reason: 'exit 3' },
    { verb: 'create', subresource: 'shell', name: 'absent', code: 404 },
  ]);
});

describe('GET /audit', () => {
  it('lists by filter, in pages, newest first', async () => {
    const page = await ground.client.audit.page({ resource: 'configmaps', limit: 2 });
    expect(page.items).toHaveLength(2);
    expect(page.items[0]?.seq).toBeGreaterThan(page.items[1]?.seq ?? 0);
    const all: AuditRecord[] = [];
    for await (const row of ground.client.audit.all({ order: 'oldest', limit: 3 })) all.push(row);
    expect(all).toEqual(await rows());
    expect(
      (await ground.client.audit.page({ denied: true })).items.every((row) => row.decision === 'deny'),
    ).toBe(true);
  });

  it('streams what comes', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      const filter = { resource: 'configmaps' };
      for await (const row of ground.client.audit.follow(filter, { signal: stop.signal })) {
        seen.push(row.name ?? '');
        if (seen.length === 2) return;
      }
    })();
    let i = 0;
    await waitFor('two rows', async () => {
      i += 1;
      await ground.client.create(configMaps, map(`follow-${i}`));
      return seen.length >= 2;
    });
    await following;
    stop.abort();
  });

  it('says whether the chain holds', async () => {
    const verdict = await ground.client.audit.verify();
    expect(verdict.problem).toBeUndefined();
    expect(verdict.rows).toBe((await rows()).length);
  });
});
