// Against a real sshd on the loopback, which a line of the test's own stands for the join line of; nodes come as the
// controller would make them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  certificateSigningRequestKind,
  enrollmentTokenKind,
  type KubeObject,
  nodeKind,
  type SSHEnrollment,
  type SSHHostStatus,
  secretKind,
  sshEnrollmentKind,
} from '@drover/api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksSshd, startSshd, type TestSshd } from '../../../../ssh/src/testing/sshd.ts';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround, until } from '../test-ground.ts';
import { runSshEnrolmentController, type SshEnrolmentController } from './controller.ts';

const many = Array.from({ length: 10 }, (_, at) => `127.0.0.${at + 1}`);

describe.skipIf(lacksSshd)('servers that join over SSH', () => {
  let place = '';
  let sshd: TestSshd;
  let ground: Ground;
  let controller: SshEnrolmentController;
  let issued = 0;
  let command = '';

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'drover-sshd-'));
    sshd = await startSshd(place, many);
  });
  afterAll(async () => {
    await sshd.close();
    rmSync(place, { recursive: true, force: true });
  });

  const start = () => {
    controller = runSshEnrolmentController({
      ...ground,
      log: silentLog,
      issueToken: async () => {
        issued += 1;
        const token = `ssh-t${issued}`;
        const metadata = { name: token };
        await ground.resources.create(enrollmentTokenKind, '', {
          ...{ apiVersion: 'drover.dev/v1alpha1', kind: 'EnrollmentToken' },
          ...{ metadata, spec: {} },
        });
        return { token, line: `DROVER_TOKEN=${token}.secret sh -c '${command}'` };
      },
    });
  };
  beforeEach(async () => {
    ground = await openGround();
    issued = 0;
    command = `echo "$DROVER_TOKEN" >> ${ground.dir}/joined`;
    start();
  });
  afterEach(async () => {
    await controller.close();
    await ground.close();
  });

  const makeSecret = (data: Readonly<Record<string, string>>) =>
    ground.resources.create(secretKind, 'default', {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' } },
      stringData: data,
    });
  const key = () => ({ 'ssh-privatekey': readFileSync(sshd.keyFile, 'utf8') });
  const known = (names: readonly string[]) => ({
    hostKeys: names.map((name) => ({
      host: `${name}:${sshd.port}`,
      fingerprint: sshd.fingerprint('ed25519'),
    })),
  });
  const enrol = (names: string, spec: object = {}) =>
    ground.resources.create(sshEnrollmentKind, 'default', {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'SSHEnrollment',
      metadata: { name: 'rack' },
      spec: {
        hosts: [{ names, user: sshd.user, port: sshd.port }],
        credentials: { secretName: 'login' },
        ...spec,
      },
    });
  const status = () =>
    (ground.resources.get(sshEnrollmentKind, 'default', 'rack') as unknown as SSHEnrollment).status ?? {};
  const host = (phase: SSHHostStatus['phase']) =>
    until(`a host to be ${phase}, not ${JSON.stringify(status())}`, () =>
      status().hosts?.find((one) => one.phase === phase),
    );
  const phase = (wanted: string) =>
    until(`phase ${wanted}`, () => (status().phase === wanted ? status() : undefined));
  const change = (edit: (spec: SSHEnrollment['spec']) => object) =>
    ground.resources.modify(sshEnrollmentKind, 'default', 'rack', (object) => ({
      ...object,
      spec: {
        ...(object['spec'] as SSHEnrollment['spec']),
        ...edit(object['spec'] as SSHEnrollment['spec']),
      },
    }));

  /** The server asks with its token, has its certificate, and its node is Ready. */
  const arrive = async (token: string, node: string) => {
    const now = new Date().toISOString();
    const request = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: `node-${node}`, annotations: { 'drover.dev/node': node } },
      spec: {
        ...{ request: 'eA==', signerName: 'drover.dev/node', username: `system:bootstrap:${token}` },
        usages: ['client auth'],
      },
    };
    const { resources } = ground;
    await resources.create(certificateSigningRequestKind, '', request);
    const set = (part: object) => (object: KubeObject) => ({ ...object, status: part });
    const write = { subresource: 'status' } as const;
    await resources.modify(
      certificateSigningRequestKind,
      '',
      request.metadata.name,
      set({ certificate: 'eA==' }),
      write,
    );
    await resources.create(nodeKind, '', { apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
    const ready = { type: 'Ready', status: 'True', reason: 'r', message: '', lastTransitionTime: now };
    await resources.modify(nodeKind, '', node, set({ conditions: [ready] }), write);
  };

  test('a server whose key is trusted joins, and the Secret goes as soon as all have', async () => {
    await makeSecret(key());
    await enrol('127.0.0.1', {
      ...known(['127.0.0.1']),
      credentials: { secretName: 'login', deleteSecret: true },
    });
    await host('Installing');
    await arrive('ssh-t1', 'web1');
    expect(await phase('Succeeded')).toMatchObject({ ready: 1, failed: 0, hosts: [{ node: 'web1' }] });
    await until('the Secret to go', () =>
      ground.resources.find(secretKind, 'default', 'login') === undefined ? true : undefined,
    );
    expect(readFileSync(join(ground.dir, 'joined'), 'utf8')).toBe('ssh-t1.secret\n');
  });

  test('a key that nobody knows stops the server before anything is sent, until somebody trusts that very key', async () => {
    await makeSecret(key());
    await enrol('127.0.0.1');
    const waiting = await host('HostKeyUnknown');
    expect(waiting.hostKey?.fingerprint).toMatch(/^SHA256:/);
    expect([status().phase, issued]).toEqual(['WaitingForTrust', 0]);
    await change(() => ({
      hostKeys: [{ host: waiting.host, fingerprint: waiting.hostKey?.fingerprint }],
    }));
    await host('Installing');
    await arrive('ssh-t1', 'web1');
    await phase('Succeeded');
  });

  test('a server that shows another key than is trusted is refused in words, whoever tries again', async () => {
    await makeSecret(key());
    const other = { host: `127.0.0.1:${sshd.port}`, fingerprint: `SHA256:${'A'.repeat(43)}` };
    await enrol('127.0.0.1', { hostKeys: [other] });
    const failed = await host('Failed');
    expect(failed.message).toContain('it shows another key than expected');
    expect(failed.remedy).toContain('somebody stands between');
    await change(() => ({ attempts: { [failed.host]: 2 } }));
    await until('the second try to end', () =>
      status().hosts?.find((one) => one.attempt === 2 && one.phase === 'Failed'),
    );
    expect(issued).toBe(0);
  });

  test('known_hosts lines are enough', async () => {
    await makeSecret(key());
    await enrol('127.0.0.1', { knownHosts: sshd.hostKeys.map((one) => `[127.0.0.1]:${sshd.port} ${one}`) });
    await host('Installing');
  });

  test('a server that refuses the key says so, and joins by another key at the second try', async () => {
    await makeSecret({ 'ssh-privatekey': readFileSync(join(place, 'host_ed25519'), 'utf8') });
    await enrol('127.0.0.1', known(['127.0.0.1']));
    const failed = await host('Failed');
    expect(failed.message).toContain('accepts neither key nor password');
    await ground.resources.modify(secretKind, 'default', 'login', (object) => ({
      ...object,
      stringData: key(),
    }));
    await change(() => ({ attempts: { [failed.host]: 2 } }));
    expect((await host('Installing')).attempt).toBe(2);
  });

  test('what cannot be reached, and a Secret that is not there, are told', async () => {
    await enrol('127.0.0.200');
    await until('the wait to be told', () =>
      status().hosts?.[0]?.message?.includes('waits for Secret login'),
    );
    await makeSecret(key());
    expect((await host('Failed')).message).toContain('ECONNREFUSED');
  });

  test('ten servers join at once, no more than are allowed at a time', async () => {
    await makeSecret(key());
    await enrol('127.0.0.[1-10]', { ...known(many), parallelism: 4 });
    for (let at = 1; at <= 10; at += 1) {
      await until(`token ${at}`, () => (issued >= at ? true : undefined));
      const busy = (status().hosts ?? []).filter((one) =>
        ['Connecting', 'Installing', 'Joining'].includes(one.phase),
      );
      expect(busy.length).toBeLessThanOrEqual(4);
      await arrive(`ssh-t${at}`, `web${at}`);
    }
    expect(await phase('Succeeded')).toMatchObject({ ready: 10, total: 10 });
    expect(issued).toBe(10);
  });

  test('a server that was being installed as the controller ended is found by its token, and not begun twice', async () => {
    await makeSecret(key());
    command = 'sleep 1000';
    await enrol('127.0.0.1', known(['127.0.0.1']));
    const { token = '' } = await host('Installing');
    // The next life knows what stands in the status and nothing else; the first is left hanging in its connection.
    const left = controller;
    start();
    await arrive(token, 'web1');
    await phase('Succeeded');
    expect(issued).toBe(1);
    await left.close();
  });

  test('a failed join line is told with its last words, and its token is taken back', async () => {
    command = 'echo no python here >&2; exit 3';
    await makeSecret(key());
    await enrol('127.0.0.1', known(['127.0.0.1']));
    expect((await host('Failed')).message).toContain('it ended with 3: no python here');
    expect(ground.resources.find(enrollmentTokenKind, '', 'ssh-t1')).toBeUndefined();
  });

  test('once the time is up nothing is waited for, and the Secret is gone', async () => {
    await makeSecret(key());
    await enrol('127.0.0.1', { credentials: { secretName: 'login', deleteSecret: true } });
    await host('HostKeyUnknown');
    ground.clock.advance(3_601_000);
    await change(() => ({ parallelism: 2 }));
    expect((await host('Failed')).message).toContain(
      'the time of the enrolment is up; it was HostKeyUnknown',
    );
    await until('the Secret to go', () =>
      ground.resources.find(secretKind, 'default', 'login') === undefined ? true : undefined,
    );
  });
});
