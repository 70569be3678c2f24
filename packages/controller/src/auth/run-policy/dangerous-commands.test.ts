import { ApiError, compilePolicies, runPolicyKind, toGate } from '@drover/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, openGround } from '../../controllers/test-ground.ts';
import { silentLog } from '../../platform/log.ts';
import { dangerousCommands, makeReadyPolicy } from './dangerous-commands.ts';

const policies = compilePolicies([dangerousCommands]);
const met = (argv: readonly string[], script?: string): string => {
  const wish = { kind: 'command', argv, input: '', user: '', cwd: '', env: [] } as const;
  const gate = toGate(
    policies,
    { username: 'x', groups: [] },
    script === undefined ? wish : { ...wish, script },
  );
  const judgement = gate?.({}, 0);
  if (judgement === undefined) return '';
  if (judgement.verdict.kind === 'deny') return judgement.verdict.why.split(' ')[1] ?? '';
  return judgement.logs.map(({ rule }) => rule).join();
};
const words = (text: string): readonly string[] => text.split(' ');

test.each([
  ['rm -rf /', 'remove-system'],
  ['/bin/rm -r -f /*', 'remove-system'],
  ['rm --recursive --force /usr', 'remove-system'],
  ['rm -fr --no-preserve-root /', 'remove-system'],
  ['chmod -R 777 /', 'open-system'],
  ['chown -R nobody:nobody /etc/', 'open-system'],
  ['userdel -r root', 'remove-root'],
  ['kill -9 1', 'kill-everything'],
  ['kill -KILL -1', 'kill-everything'],
  ['systemctl stop drover-agent', 'stop-agent'],
  ['systemctl disable --now drover-agent.service', 'stop-agent'],
  ['systemctl stop sshd', 'stop-ssh'],
  ['/sbin/reboot', 'power'],
  ['shutdown -r now', 'power'],
  ['systemctl poweroff', 'power'],
  ['init 0', 'power'],
  ['mkfs.ext4 /dev/sdb1', 'format-disk'],
  ['dd if=/dev/zero of=/dev/sda bs=1M', 'write-disk'],
  ['iptables -F', 'flush-firewall'],
  ['nft flush ruleset', 'flush-firewall'],
])('%s meets the rule %s', (line, rule) => {
  expect(met(words(line))).toBe(rule);
  expect(met(['sh', '-c', line])).toBe(rule);
  expect(met(['/bin/sh'], `set -e\ncd /tmp && sudo ${line}\n`)).toBe(rule);
});

test.each([
  [['sh', '-c', ':(){ :|:& };:'], 'fork-bomb'],
  [['sh', '-c', 'cat image > /dev/sda'], 'overwrite-disk'],
  [['sh', '-c', 'echo > /etc/shadow'], 'overwrite-accounts'],
])('%j meets the rule %s', (argv, rule) => {
  expect(met(argv)).toBe(rule);
});

test.each([
  'rm -rf /srv/app/cache',
  'rm -rf /var/lib/app',
  'rm -f /etc/motd',
  'grep rm -rf / notes',
  'chmod -R 755 /srv',
  'chown app /etc/app.conf',
  'userdel mallory',
  'kill -9 1234',
  'kill -HUP 1',
  'systemctl restart drover-agent',
  'systemctl status sshd',
  'systemctl stop nginx',
  'echo reboot later',
  'dd if=/dev/sda of=/srv/image',
  'iptables -L',
  'init-app 0',
])('%s is none of its business', (line) => {
  expect(met(words(line))).toBe('');
});

test('it asks nobody: who is alone can do everything legitimate', () => {
  expect(dangerousCommands.spec.rules?.filter(({ action }) => action === 'Ask')).toEqual([]);
  expect(dangerousCommands.spec.allow).toBeUndefined();
});

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

test('it is made once: who deletes it is not overruled, and who has made their own keeps it', async () => {
  const { resources, store } = ground;
  const make = () => makeReadyPolicy({ resources, meta: store.meta, log: silentLog });
  const meta = { ...store.meta, set: () => Promise.reject(new ApiError('InternalError', 'killed')) };
  // Killed between the two writes: the next start goes on.
  await expect(makeReadyPolicy({ resources, meta, log: silentLog })).rejects.toThrow('killed');
  await make();
  expect(resources.find(runPolicyKind, '', 'dangerous-commands')).toMatchObject({
    spec: dangerousCommands.spec,
  });
  await resources.delete(runPolicyKind, '', 'dangerous-commands');
  await make();
  expect(resources.find(runPolicyKind, '', 'dangerous-commands')).toBeUndefined();
});
