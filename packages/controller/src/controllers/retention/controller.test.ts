import { createHash } from 'node:crypto';
import {
  allKinds,
  enrollmentTokenKind,
  fileTransferKind,
  type KubeObject,
  type RetentionPolicy,
  retentionPolicyKind,
} from '@drover/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { createResources } from '../../resources/index.ts';
import { type Ground, openGround, until } from '../test-ground.ts';
import { removeUnnamedContent } from './content.ts';
import { type RetentionController, RetentionPass, runRetentionController, type Sweep } from './controller.ts';
import { removeExpiredTokens } from './enrolments.ts';
import { keepRetentionPolicy } from './policy.ts';

let ground: Ground;
let controller: RetentionController | undefined;
beforeEach(async () => {
  ground = await openGround();
});
afterEach(async () => {
  await controller?.close();
  controller = undefined;
  await ground.close();
});

const hourMs = 3_600_000;
const quiet = new AbortController().signal;
const sizes = async () => ({ databaseBytes: 7, kept: [{ name: 'audit', count: 3, bytes: 600 }] });
const depsWith = (...sweeps: Sweep[]) => ({ ...ground, log: silentLog, sweeps, sizes });
const begin = async (served: AbortSignal, ...sweeps: Sweep[]): Promise<void> => {
  const initial = { audit: { keepDays: 77 } };
  controller = await runRetentionController({ ...depsWith(...sweeps), initial, served });
};
const start = (...sweeps: Sweep[]): Promise<void> => begin(AbortSignal.abort(), ...sweeps);
const policy = (): RetentionPolicy =>
  ground.resources.get(retentionPolicyKind, '', 'default') as unknown as RetentionPolicy;
const setWorkDays = (keepDays: number) =>
  ground.resources.patch(retentionPolicyKind, '', 'default', {
    type: 'application/merge-patch+json',
    body: { spec: { work: { keepDays } } },
  });

test('there is a policy before the controller serves, and nothing is swept until then', async () => {
  const serving = new AbortController();
  let runs = 0;
  const sweep = { what: 'things', everyMs: 1, run: async () => ++runs };
  await begin(serving.signal, sweep);

  await ground.resources.create(retentionPolicyKind, '', policy()).catch(() => undefined);
  expect([policy().metadata.name, runs]).toEqual(['default', 0]);

  serving.abort();
  await until('the first pass', () => (runs > 0 ? true : undefined));
});

test('a policy of before is given what it does not say, and keeps what it says', async () => {
  await start();
  await setWorkDays(3);
  await controller?.close();
  const before = ({ sshEnrollments: _, ...rest }: Record<string, unknown>) => rest;
  // As an earlier version stored it: past the defaults of today's schema.
  const { metadata, spec, ...rest } = policy();
  const value = { ...rest, metadata, spec: before(spec) } as unknown as KubeObject;
  const key = { resource: 'retentionpolicies.drover.dev', namespace: '', name: 'default' };
  await ground.resources.close();
  await ground.store.objects.write([{ ...key, type: 'updated', value }]);
  const resources = await createResources({ ...ground, kinds: allKinds, log: silentLog });

  const keeper = await keepRetentionPolicy({
    resources,
    log: silentLog,
    initial: {},
    onChange: () => undefined,
  });

  const found = resources.get(retentionPolicyKind, '', 'default');
  expect(found['spec']).toEqual({ ...spec, sshEnrollments: { keepDays: 30 } });
  await keeper.close();
  await resources.close();
});

test('it is made once with the numbers of the start, and with the defaults when it was deleted', async () => {
  await start();
  expect(policy().spec.audit).toEqual({ keepDays: 77, keepRows: 0 });
  await setWorkDays(3);
  await controller?.close();
  await start();
  expect(policy().spec).toMatchObject({ work: { keepDays: 3 }, audit: { keepDays: 77 } });

  const { uid } = policy().metadata;
  await ground.resources.delete(retentionPolicyKind, '', 'default');
  await until('a new one', () => {
    const found = ground.resources.find(retentionPolicyKind, '', 'default');
    return found === undefined || found.metadata.uid === uid ? undefined : found;
  });
  expect(policy().spec).toMatchObject({ work: { keepDays: 30 }, audit: { keepDays: 400 } });
});

test('a change is acted on at once, and the status tells by what and how much there is', async () => {
  const seen: number[] = [];
  const run: Sweep['run'] = async ({ work }) => seen.push(work.keepDays) * 0;
  await start({ what: 'test', everyMs: hourMs, run });
  await until('the first pass', () => seen[0]);
  await setWorkDays(2);
  await until('a pass by the new number', () => seen.find((days) => days === 2));
  const { status } = await until('the status', () =>
    policy().status?.observedGeneration === 2 ? policy() : undefined,
  );
  expect(status).toMatchObject({ databaseBytes: 7, observedGeneration: 2 });
  expect(status?.kept).toContainEqual({ name: 'audit', count: 3, bytes: 600 });
  expect(status?.kept).toContainEqual({ name: 'commandruns', count: 0 });
});

test('a sweep comes when it is due; one that fails is tried again, and the others go on', async () => {
  const calls: string[] = [];
  const failing = async (): Promise<number> => {
    calls.push('failing');
    throw new Error('no');
  };
  const good = async (): Promise<number> => calls.push('good') * 0;
  const pass = new RetentionPass(
    depsWith({ what: 'a', everyMs: hourMs, run: failing }, { what: 'b', everyMs: hourMs, run: good }),
  );
  await pass.run(quiet);
  await pass.run(quiet);
  expect(calls).toEqual(['failing', 'good', 'failing']);
  ground.clock.advance(hourMs + 1);
  await pass.run(quiet);
  expect(calls.slice(3)).toEqual(['failing', 'good']);
});

test('enrolment tokens go when they have been expired for long enough', async () => {
  const make = (name: string, expiresAt: string) =>
    ground.resources.create(enrollmentTokenKind, '', { metadata: { name }, spec: { maxUses: 1, expiresAt } });
  await make('old', '2020-01-01T00:00:00Z');
  await make('new', '2020-03-01T00:00:00Z');
  expect(await removeExpiredTokens(ground.resources, Date.parse('2020-02-01T00:00:00Z'))).toBe(1);
  expect(ground.resources.list(enrollmentTokenKind).items.map(({ metadata }) => metadata.name)).toEqual([
    'new',
  ]);
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const put = async (text: string, nowMs: number): Promise<string> => {
  const { blobs } = ground.store;
  const id = await blobs.beginUpload(text.length, nowMs);
  await blobs.appendUpload(
    id,
    0,
    (async function* () {
      yield Buffer.from(text);
    })(),
  );
  return (await blobs.finishUpload(id, sha256(text), nowMs)).sha256;
};
const makeTransfer = (name: string, spec: object) =>
  ground.resources.create(fileTransferKind, 'default', {
    metadata: { name },
    spec: { path: '/srv/x', targets: { nodeSet: 'n1' }, ...spec },
  });
const listOf = (content: string): string =>
  `${JSON.stringify({ version: 1, root: 'file', content: sha256(content), sizeBytes: 1, entries: 1 })}\n{}\n`;
const sweepContent = (beforeMs: number, detail: unknown = null): Promise<number> =>
  removeUnnamedContent(
    {
      ...{ resources: ground.resources, blobs: ground.store.blobs },
      tasksOf: async () => [{ result: { detail } as never }],
    },
    beforeMs,
    quiet,
  );

test('content that a push names stays with its list; what nobody names goes after the grace', async () => {
  const oldMs = 1_000_000;
  const list = await put(listOf('pushed'), oldMs);
  const [content, lonely] = [await put('pushed', oldMs), await put('lonely', oldMs)];
  const young = await put('young', oldMs + 2 * hourMs);
  await makeTransfer('push', { direction: 'Push', manifest: list });

  expect(await sweepContent(oldMs + hourMs)).toBe(1);
  const there = await Promise.all([list, content, lonely, young].map((one) => ground.store.blobs.get(one)));
  expect(there.map((row) => row !== undefined)).toEqual([true, true, false, true]);

  await ground.resources.delete(fileTransferKind, 'default', 'push');
  expect(await sweepContent(oldMs + hourMs)).toBe(2);
});

test('of a pull that goes on nothing is removed that came since it began; what it has brought stays', async () => {
  const startedMs = ground.clock.nowMs();
  await makeTransfer('pull', { direction: 'Pull' });
  const list = await put(listOf('pulled'), startedMs + hourMs);
  await put('pulled', startedMs + hourMs);
  await put('not told yet', startedMs + hourMs);
  expect(await sweepContent(startedMs + 48 * hourMs)).toBe(0);

  await ground.resources.modify(
    fileTransferKind,
    'default',
    'pull',
    (object) => ({ ...object, status: { phase: 'Succeeded' } }),
    { subresource: 'status' },
  );
  expect(await sweepContent(startedMs + 48 * hourMs, { manifest: list })).toBe(1);
  expect(await ground.store.blobs.get(list)).toBeDefined();
});
