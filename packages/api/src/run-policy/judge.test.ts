import { expect, test } from 'vitest';
import type { RunPolicy } from '../kinds/run-policy.ts';
import { compilePolicies, toGate, type Verdict } from './judge.ts';
import type { RunWish } from './wish.ts';

type Spec = RunPolicy['spec'];
const policy = (name: string, spec: Spec): RunPolicy => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'RunPolicy',
  metadata: { name },
  spec,
});
const alice = { username: 'alice', groups: ['web'] };
const aliceOnly = [{ kind: 'User', name: 'alice' } as const];
const command = (...argv: string[]): Extract<RunWish, { kind: 'command' }> => ({
  kind: 'command',
  argv,
  input: '',
  user: '',
  cwd: '',
  env: [],
});
const script = (source: string): RunWish => ({ ...command('/bin/sh'), script: source });
const nowMs = Date.parse('2026-01-12T12:00:00Z');

const judge = (specs: Readonly<Record<string, Spec>>, wish: RunWish, labels = {}, asker = alice) => {
  const policies = compilePolicies(Object.entries(specs).map(([name, spec]) => policy(name, spec)));
  return toGate(policies, asker, wish)?.(labels, nowMs);
};
const kindOf = (...given: Parameters<typeof judge>): Verdict['kind'] | 'free' =>
  judge(...given)?.verdict.kind ?? 'free';

test('whom no policy with allow names is bound by roles alone', () => {
  const specs = { a: { subjects: aliceOnly, allow: { commands: [['uptime']] } } };
  expect(kindOf(specs, command('rm'), {}, { username: 'bob', groups: [] })).toBe('free');
  expect(kindOf(specs, command('rm'))).toBe('deny');
  expect(kindOf(specs, command('uptime'))).toBe('allow');
});

test('allow lists add up to their union, node by node', () => {
  const specs: Record<string, Spec> = {
    web: {
      subjects: aliceOnly,
      nodes: { matchLabels: { role: 'web' } },
      allow: { commands: [['nginx', '**']] },
    },
    all: { subjects: [{ kind: 'Group', name: 'web' }], allow: { commands: [['uptime']] } },
  };
  const table: readonly (readonly [string, Record<string, string>, string])[] = [
    ['uptime', { role: 'web' }, 'allow'],
    ['uptime', { role: 'db' }, 'allow'],
    ['nginx', { role: 'web' }, 'allow'],
    ['nginx', { role: 'db' }, 'deny'],
    ['reboot', { role: 'web' }, 'deny'],
  ];
  for (const [program, labels, verdict] of table)
    expect(kindOf(specs, command(program), labels), `${program} ${JSON.stringify(labels)}`).toBe(verdict);
});

test('a policy without subjects binds everybody, service accounts are users', () => {
  const account = { kind: 'ServiceAccount', namespace: 'ci', name: 'bot' } as const;
  const bot = { username: 'system:serviceaccount:ci:bot', groups: [] };
  expect(kindOf({ a: { allow: { commands: [] } } }, command('x'), {}, { username: '', groups: [] })).toBe(
    'deny',
  );
  expect(kindOf({ a: { subjects: [account], allow: { commands: [] } } }, command('x'), {}, bot)).toBe('deny');
});

test('who is limited in commands has nothing else that would become any command', () => {
  const specs = { a: { allow: { commands: [['make', '**']] } } };
  const wishes: readonly RunWish[] = [
    script('make'),
    { ...command('make'), env: ['LD_PRELOAD'] },
    { ...command('make'), cwd: '/tmp/evil' },
    { kind: 'push', path: '/etc/cron.d', owner: '' },
    { kind: 'pull', path: '/etc/shadow' },
    { kind: 'shell', argv: [], user: '' },
  ];
  for (const wish of wishes) expect(kindOf(specs, wish), JSON.stringify(wish)).toBe('deny');
  const wide = { env: ['LD_*'], directories: ['/tmp'], paths: ['/'], scripts: true, shell: true };
  const allowed = { a: { allow: { commands: [['make', '**']], ...wide } } };
  for (const wish of wishes) expect(kindOf(allowed, wish), JSON.stringify(wish)).toBe('allow');
});

test('who is limited in users runs and owns as those only, and no user is root', () => {
  const specs = { a: { allow: { users: ['app'], paths: ['/srv'], shell: true } } };
  expect(kindOf(specs, { ...command('id'), user: 'app' })).toBe('allow');
  expect(kindOf(specs, command('id'))).toBe('deny');
  expect(kindOf(specs, { kind: 'push', path: '/srv/x', owner: 'app' })).toBe('allow');
  for (const owner of ['', 'root', 'app:root'])
    expect(kindOf(specs, { kind: 'push', path: '/srv/x', owner }), owner).toBe('deny');
  expect(kindOf(specs, { kind: 'shell', argv: [], user: '' })).toBe('deny');
});

test('paths are compared as paths, decoded and without a way back up', () => {
  const specs = { a: { allow: { commands: [], paths: ['/srv/app/'] } } };
  for (const path of ['/srv/app', '/srv//app/x', '/srv/./app/x'])
    expect(kindOf(specs, { kind: 'pull', path }), path).toBe('allow');
  for (const path of ['/srv/application', '/srv/app/../../etc', '/srv/app/%2e%2e/x', '/srv', '/'])
    expect(kindOf(specs, { kind: 'pull', path }), path).toBe('deny');
});

test('a rule that denies holds whatever allows it; it sees command lines, scripts and input', () => {
  const rule = {
    name: 'no-rm',
    match: { pattern: 'rm\\s+-rf\\s+/' },
    action: 'Deny',
    expireSeconds: 60,
  } as const;
  const specs = { rails: { rules: [rule] }, free: { allow: {} } };
  expect(judge(specs, command('sh', '-c', 'rm -rf /'))?.verdict).toEqual({
    kind: 'deny',
    why: 'rule no-rm of run policy rails denies it',
  });
  expect(kindOf(specs, script('cd /\nrm -rf /x'))).toBe('deny');
  expect(kindOf(specs, { ...command('sh'), input: 'rm -rf /' })).toBe('deny');
  expect(kindOf(specs, command('ls'))).toBe('allow');
});

test('a rule about paths sees transfers that reach into them, from below and from above', () => {
  const rule = { name: 'etc', match: { paths: ['/etc'] }, action: 'Deny' as const, expireSeconds: 60 };
  for (const path of ['/etc', '/etc/ssh', '/', '/srv/../etc', '/%65tc/x'])
    expect(kindOf({ a: { rules: [rule] } }, { kind: 'push', path, owner: '' }), path).toBe('deny');
  for (const path of ['/srv', '/etcetera'])
    expect(kindOf({ a: { rules: [rule] } }, { kind: 'push', path, owner: '' }), path).toBe('free');
  expect(kindOf({ a: { rules: [rule] } }, command('cat', '/etc/passwd'))).toBe('free');
});

test('a script that is longer than can be looked at is seen at both ends', () => {
  const rule = { name: 'r', match: { pattern: 'danger' }, action: 'Deny', expireSeconds: 60 } as const;
  const padding = 'x'.repeat(100_000);
  expect(kindOf({ a: { rules: [rule] } }, script(`danger ${padding}`))).toBe('deny');
  expect(kindOf({ a: { rules: [rule] } }, script(`${padding} danger`))).toBe('deny');
});

test('outside of every window that allows it, it is closed until the first opens', () => {
  const window = (from: string) => [{ from, to: '23:00', timeZone: 'UTC' }];
  const specs = {
    late: { allow: { commands: [['x']], windows: window('20:00') } },
    soon: { allow: { windows: window('18:00') } },
  };
  expect(judge(specs, command('x'))?.verdict).toEqual({
    kind: 'closed',
    policy: 'soon',
    opensMs: Date.parse('2026-01-12T18:00:00Z'),
  });
  expect(kindOf({ ...specs, now: { allow: { commands: [['x']] } } }, command('x'))).toBe('allow');
  expect(kindOf({ ...specs, now: { allow: { commands: [['y']] } } }, command('x'))).toBe('closed');
});

test('what no policy concerns has no gate at all', () => {
  const rule = {
    name: 'r',
    match: { commands: [['mkfs', '**']] },
    action: 'Ask' as const,
    expireSeconds: 60,
  };
  expect(judge({ a: { rules: [rule] } }, command('uptime'))).toBeUndefined();
  expect(judge({ a: { rules: [rule] } }, command('/sbin/mkfs', '/dev/sdb'))?.asks).toMatchObject([
    { policy: 'a', rule: 'r' },
  ]);
});
