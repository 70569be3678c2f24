// The controller over the real store, resources, admission and certificate authority.
import {
  certificateSigningRequestKind,
  enrollmentTokenKind,
  eventKind,
  type KubeObject,
  nodeKind,
  resourceKey,
} from '@drover/api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAdmission } from '../../auth/admission.ts';
import { type Authority, openAuthority } from '../../auth/authority.ts';
import type { Identity } from '../../auth/identity.ts';
import { x509 } from '../../auth/x509.ts';
import { silentLog } from '../../platform/log.ts';
import { type Ground, makeRequest, openGround, until } from '../test-ground.ts';
import { asRequest, asToken } from './claims.ts';
import { type EnrolmentController, runEnrolmentController } from './controller.ts';

let ground: Ground;
let authority: Authority;
let controller: EnrolmentController | undefined;
let admission: ReturnType<typeof createAdmission>;

const run = () => {
  controller = runEnrolmentController({
    ...ground,
    signer: authority,
    credentials: ground.store.credentials,
    log: silentLog,
  });
};
const stop = async () => {
  await controller?.close();
  controller = undefined;
};

beforeAll(async () => {
  ground = await openGround();
  const { store, clock, dir } = ground;
  authority = await openAuthority({ store, clock, dataDir: dir });
  const certificates = { check: async () => '' };
  const address = 'https://drover.example:7443';
  admission = createAdmission({ ...ground, authority, certificates, address, work: {} });
});
beforeEach(run);
afterEach(stop);
afterAll(() => ground.close());

const admin: Identity = { kind: 'user', name: 'admin', groups: ['system:masters'] };

/** As the server does it: admit, create, answer. */
const create = async (
  kind: typeof enrollmentTokenKind,
  identity: Identity,
  object: object,
): Promise<KubeObject> => {
  const admit = admission[resourceKey(kind)];
  if (admit === undefined) throw new Error('no admission');
  const admitted = await admit({ identity, operation: 'create', object, dryRun: false });
  const created = await ground.resources.create(kind, '', admitted.object);
  return admitted.answer?.(created) ?? created;
};

const token = (name: string, spec: object = {}) =>
  create(enrollmentTokenKind, admin, {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'EnrollmentToken',
    metadata: { name },
    spec,
  });

const ask = async (
  tokenName: string,
  node: string,
  { machineId = `machine-${node}`, generateName = `${node}-` } = {},
): Promise<string> => {
  const request = Buffer.from(await makeRequest(node)).toString('base64');
  const created = await create(
    certificateSigningRequestKind,
    { kind: 'bootstrap', token: tokenName },
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { generateName, annotations: { 'drover.dev/machine-id': machineId } },
      spec: {
        request,
        signerName: 'drover.dev/node',
        usages: ['digital signature', 'client auth'],
        username: 'admin',
        groups: ['system:masters'],
        uid: 'of-admin',
        extra: { 'example.com/scopes': ['all'] },
      },
    },
  );
  return created.metadata.name ?? '';
};

const found = (name: string) => asRequest(ground.resources.get(certificateSigningRequestKind, '', name));
const certificateOf = (name: string) =>
  until(`certificate of ${name}`, () => {
    const encoded = found(name).status?.certificate;
    return encoded === undefined
      ? undefined
      : new x509.X509Certificate(Buffer.from(encoded, 'base64').toString());
  });
const conditionOf = (name: string, type: string) =>
  until(`${type} of ${name}`, () => found(name).status?.conditions?.find((c) => c.type === type));
const eventOf = (name: string, reason: string) =>
  until(`event ${reason} of ${name}`, () =>
    ground.resources
      .list(eventKind, { fieldSelector: `involvedObject.name=${name},reason=${reason}` })
      .items.find(() => true),
  );
const tokenOf = (name: string) => asToken(ground.resources.get(enrollmentTokenKind, '', name));
const decide = (name: string, type: 'Approved' | 'Denied') =>
  ground.resources.modify(
    certificateSigningRequestKind,
    '',
    name,
    (object) => ({
      ...object,
      status: { conditions: [{ type, status: 'True', reason: 'ByHand', message: 'seen by admin' }] },
    }),
    { subresource: 'approval' },
  );

test('a server with a good token gets its node, labels and certificate', async () => {
  const made = asToken(await token('rack', { labels: { rack: 'r1' } }));
  expect(made.status?.joinCommand).toMatch(
    /^DROVER_TOKEN=rack\.\S{43} python3 -c '[^']+' https:\/\/drover\.example:7443 [0-9a-f]{64}$/,
  );
  const name = await ask('rack', 'web1');
  const certificate = await certificateOf(name);
  expect(certificate.subject).toBe('O=system:nodes, CN=system:node:web1');
  expect(found(name).spec).toMatchObject({
    username: 'system:bootstrap:rack',
    groups: ['system:bootstrappers', 'system:authenticated'],
  });
  expect(found(name).spec).not.toHaveProperty('uid');
  expect(found(name).spec).not.toHaveProperty('extra');
  const node = ground.resources.get(nodeKind, '', 'web1');
  expect(node.metadata).toMatchObject({
    labels: { rack: 'r1', 'kubernetes.io/hostname': 'web1' },
    annotations: { 'drover.dev/machine-id': 'machine-web1' },
    finalizers: ['drover.dev/agent'],
  });
  const row = await ground.store.credentials.certificate(certificate.serialNumber);
  expect(row?.fingerprint).toBe(node.metadata.annotations?.['drover.dev/key-fingerprint']);
  await until('token is used', () => (tokenOf('rack').status?.phase === 'Used' ? true : undefined));
  await eventOf('web1', 'Enrolled');
});

test('the secret of a token is stored nowhere', async () => {
  const made = asToken(await token('secretive'));
  const secret = /secretive\.(\S+)/.exec(made.status?.joinCommand ?? '')?.[1] ?? '';
  expect(secret).toHaveLength(43);
  expect(JSON.stringify(tokenOf('secretive'))).not.toContain(secret);
  expect(tokenOf('secretive').status?.joinCommand).toBeUndefined();
});

test('never more servers are let in than the token allows, though all ask at once and the controller restarts', async () => {
  await token('five', { maxUses: 5 });
  const names = await Promise.all(Array.from({ length: 12 }, (_, i) => ask('five', `five${i}`)));
  await stop();
  run();
  const ends = await Promise.all(
    names.map((name) =>
      until(`end of ${name}`, () => {
        const { certificate, conditions } = found(name).status ?? {};
        return certificate !== undefined ? 'issued' : conditions?.find((c) => c.type === 'Denied')?.reason;
      }),
    ),
  );
  expect(ends.filter((end) => end === 'issued')).toHaveLength(5);
  expect(ends.filter((end) => end === 'TokenUsedUp')).toHaveLength(7);
  expect(tokenOf('five').status).toMatchObject({ uses: 5, phase: 'Used' });
  await expect(ask('five', 'five13')).rejects.toThrow('enrolment token five is used up');
});

test('a use that was counted before a kill is not counted again after it', async () => {
  await token('crash', { maxUses: 2 });
  await stop();
  const name = await ask('crash', 'crash1');
  const uid = ground.resources.get(certificateSigningRequestKind, '', name).metadata.uid ?? '';
  await ground.resources.modify(
    enrollmentTokenKind,
    '',
    'crash',
    (object) => ({ ...object, status: { ...asToken(object).status, uses: 1, claims: [uid] } }),
    { subresource: 'status' },
  );
  run();
  await certificateOf(name);
  expect(tokenOf('crash').status?.uses).toBe(1);
  await certificateOf(await ask('crash', 'crash2'));
  expect(tokenOf('crash').status?.uses).toBe(2);
});

test('a manual token leaves the request waiting until a person approves it', async () => {
  await token('manual', { approval: 'Manual' });
  const name = await ask('manual', 'careful');
  const { message } = (await eventOf(name, 'ApprovalNeeded')) as unknown as { message: string };
  expect(message).toContain(
    ground.resources.get(certificateSigningRequestKind, '', name).metadata.annotations?.[
      'drover.dev/key-fingerprint'
    ],
  );
  expect(found(name).status?.certificate).toBeUndefined();
  await decide(name, 'Approved');
  await certificateOf(name);
  expect(tokenOf('manual').status?.uses).toBe(1);
});

test('whoever holds a token cannot fill the queue; an end of one makes room for another', async () => {
  await token('flood', { approval: 'Manual', maxUses: 2 });
  const names: string[] = [];
  for (let i = 0; i < 12; i += 1) names.push(await ask('flood', `flood${i}`));
  await expect(ask('flood', 'flood12')).rejects.toMatchObject({
    reason: 'TooManyRequests',
    message: expect.stringContaining('12 requests with enrolment token flood wait already'),
  });
  await decide(names[0] ?? '', 'Denied');
  await ask('flood', 'flood12');
  await token('other', { approval: 'Manual' });
  await ask('other', 'other1');
});

test('people cannot approve more than the token allows', async () => {
  await token('once', { approval: 'Manual' });
  const [first, second] = [await ask('once', 'once1'), await ask('once', 'once2')];
  await decide(first, 'Approved');
  await certificateOf(first);
  await decide(second, 'Approved');
  expect(await conditionOf(second, 'Failed')).toMatchObject({ reason: 'TokenUsedUp' });
  expect(ground.resources.find(nodeKind, '', 'once2')).toBeUndefined();
});

test('a denied request gets no node and is told', async () => {
  await token('denying', { approval: 'Manual' });
  const name = await ask('denying', 'unwanted');
  await decide(name, 'Denied');
  await eventOf(name, 'EnrolmentDenied');
  expect(found(name).status?.certificate).toBeUndefined();
  expect(ground.resources.find(nodeKind, '', 'unwanted')).toBeUndefined();
});

test('a name outside the pattern of its token waits for a person', async () => {
  await token('web', { nodeNamePattern: 'web[10-19]', maxUses: 9 });
  await certificateOf(await ask('web', 'web12'));
  const other = await ask('web', 'db1');
  await eventOf(other, 'ApprovalNeeded');
  expect(found(other).status?.conditions ?? []).toEqual([]);
});

test('an expired or revoked token lets nobody in, and says so', async () => {
  await token('short', { expiresAt: new Date(ground.clock.nowMs() + 60_000).toISOString() });
  ground.clock.advance(61_000);
  await expect(ask('short', 'late1')).rejects.toThrow('enrolment token short has expired');
  await token('revoked', {});
  await ground.resources.patch(enrollmentTokenKind, '', 'revoked', {
    type: 'application/merge-patch+json',
    body: { spec: { revoked: true } },
  });
  await expect(ask('revoked', 'late2')).rejects.toThrow('enrolment token revoked is revoked');
  await until('phase', () => (tokenOf('revoked').status?.phase === 'Revoked' ? true : undefined));
  await expect(token('past', { expiresAt: '2001-01-01T00:00:00Z' })).rejects.toThrow('spec.expiresAt');
});

test('another machine cannot take the name of a node, the same machine can enrol again', async () => {
  await token('names', { maxUses: 9 });
  const first = await certificateOf(await ask('names', 'mine'));
  await expect(ask('names', 'mine', { machineId: 'intruder' })).rejects.toMatchObject({ reason: 'Conflict' });
  const second = await certificateOf(await ask('names', 'mine'));
  const rows = await ground.store.credentials.certificatesOf('node:mine');
  expect(rows.find((row) => row.serial === first.serialNumber)?.revokedAtMs).toBeGreaterThan(0);
  expect(rows.find((row) => row.serial === second.serialNumber)?.revokedAtMs).toBe(0);
});

test('of two machines that ask for one name at once, one gets it', async () => {
  await token('race', { maxUses: 9 });
  const names = await Promise.all([
    ask('race', 'wanted', { machineId: 'a' }),
    ask('race', 'wanted', { machineId: 'b' }),
  ]);
  const ends = await Promise.all(
    names.map((name) =>
      until(`end of ${name}`, () => {
        const { certificate, conditions } = found(name).status ?? {};
        return certificate !== undefined ? 'issued' : conditions?.find((c) => c.type === 'Failed')?.reason;
      }),
    ),
  );
  expect(ends.sort()).toEqual(['NameTaken', 'issued']);
});

test('a request that is not one for a node is refused by its field', async () => {
  await token('strict', { maxUses: 9 });
  const bootstrap: Identity = { kind: 'bootstrap', token: 'strict' };
  const object = (spec: object, machineId = 'm') => ({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'x-', annotations: { 'drover.dev/machine-id': machineId } },
    spec: { signerName: 'drover.dev/node', ...spec },
  });
  const encode = (pem: string) => Buffer.from(pem).toString('base64');
  const good = encode(await makeRequest('fine'));
  const refused = async (wanted: object, field: string) =>
    expect(create(certificateSigningRequestKind, bootstrap, wanted)).rejects.toMatchObject({
      details: { causes: [{ field }] },
    });
  await refused(object({ request: encode('junk') }), 'spec.request');
  await refused(object({ request: encode(await makeRequest('Not A Name')) }), 'spec.request');
  await refused(object({ request: good, signerName: 'example.com/other' }), 'spec.signerName');
  await refused(object({ request: good, usages: ['server auth'] }), 'spec.usages');
  await refused(object({ request: good }, '; rm -rf'), 'metadata.annotations[drover.dev/machine-id]');
});

test('twenty servers a second are let in with room to spare', async () => {
  await token('crowd', { maxUses: 100 });
  const names = await Promise.all(Array.from({ length: 100 }, (_, i) => ask('crowd', `crowd${i}`)));
  await Promise.all(names.map(certificateOf));
  expect(tokenOf('crowd').status).toMatchObject({ uses: 100, phase: 'Used' });
  expect(tokenOf('crowd').status?.claims?.length ?? 0).toBeLessThanOrEqual(100);
});
