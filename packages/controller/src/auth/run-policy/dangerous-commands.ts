// Owns the run policy that every installation begins with: commands that are never right, and those worth a note.
// I1: it never asks: the first administrator, alone on a fresh machine, must be able to do all legitimate work.
// I2: it is made once. Whoever deletes or changes it is not overruled at the next start.
// I3: patterns look for a command where one can begin, not anywhere: `grep "rm -rf /" notes` is no harm.
import { ApiError, type RunPolicy, type RunRule, runPolicyKind } from '@drover/api';
import type { Log } from '../../platform/log.ts';
import type { Resources } from '../../resources/resources.ts';
import type { Store } from '../../store/store.ts';

/** Where a command can begin (I3): at the start, behind what parts commands, behind a shell's -c and the like. */
const begin = String.raw`(?:^|[\n;&|(){}"'\x60]|\s-[a-z]*c\s|\b(?:sudo|doas|exec|nohup|xargs|env|time|then|do|else)\s)\s*(?:/\S*/)?`;
const end = String.raw`(?:[\s;&|)"'\x60]|$)`;
const options = String.raw`(?:-\S+\s+)*`;
const recursive = String.raw`(?:-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)\s+${options}`;
const vitals = String.raw`(?:/|/\*|/(?:bin|boot|dev|etc|lib|lib64|proc|sbin|sys|usr|var)/?\*?)`;
const disk = String.raw`/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|md|dm-|mapper/)\S*`;

const rule = (action: 'Deny' | 'Log', name: string, pattern: string, message: string): RunRule => ({
  name,
  match: { pattern },
  action,
  message,
  expireSeconds: 86_400,
});

const rules: readonly RunRule[] = [
  rule(
    'Deny',
    'remove-system',
    `${begin}rm\\s+${options}${recursive}${vitals}${end}`,
    'it removes the system itself',
  ),
  rule(
    'Deny',
    'open-system',
    `${begin}ch(?:mod|own|grp)\\s+${options}${recursive}\\S+\\s+${vitals}${end}`,
    'it changes the permissions of the whole system',
  ),
  rule('Deny', 'overwrite-disk', `>\\s*${disk}`, 'it writes over a disk'),
  rule(
    'Deny',
    'overwrite-accounts',
    String.raw`(?:^|[^>])>\s*/etc/(?:passwd|shadow|group|sudoers)${end}`,
    'it empties the list of accounts',
  ),
  rule('Deny', 'remove-root', `${begin}userdel\\s+${options}root${end}`, 'it removes the user root'),
  rule(
    'Deny',
    'kill-everything',
    `${begin}kill\\s+(?:-9|-KILL|-SIGKILL|-s\\s+(?:9|KILL|SIGKILL))\\s+(?:--\\s+)?-?1${end}`,
    'it kills the first process, or all',
  ),
  rule(
    'Deny',
    'fork-bomb',
    String.raw`:\s*\(\s*\)\s*\{\s*:\s*\|\s*:\s*&\s*\}`,
    'it starts processes without end',
  ),
  rule(
    'Deny',
    'stop-agent',
    `${begin}systemctl\\s+${options}(?:stop|disable|mask|kill)\\s+${options}drover-agent(?:\\.service)?${end}`,
    'Drover could not reach the node any more; to take it out: drover node remove',
  ),
  rule(
    'Log',
    'stop-ssh',
    `${begin}systemctl\\s+${options}(?:stop|disable|mask|kill)\\s+${options}sshd?(?:\\.service)?${end}`,
    'nobody can sign in to the node by SSH then',
  ),
  rule(
    'Log',
    'power',
    `${begin}(?:(?:shutdown|reboot|halt|poweroff)${end}|systemctl\\s+${options}(?:reboot|halt|poweroff|kexec)${end}|(?:tel)?init\\s+[06]${end})`,
    'it ends or restarts the node',
  ),
  rule(
    'Log',
    'format-disk',
    `${begin}(?:mkfs(?:\\.\\w+)?|mke2fs|mkswap|wipefs|blkdiscard|sgdisk|parted|fdisk)${end}`,
    'it may destroy what is on a disk',
  ),
  rule('Log', 'write-disk', `${begin}dd\\s[^\\n]*\\bof=${disk}`, 'it writes over a disk'),
  rule(
    'Log',
    'flush-firewall',
    `${begin}(?:ip6?tables\\s+${options}(?:-F|--flush)${end}|nft\\s+flush\\s+ruleset${end})`,
    'it takes the firewall away',
  ),
];

export const dangerousCommands: RunPolicy = {
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'RunPolicy',
  metadata: { name: 'dangerous-commands' },
  spec: {
    description:
      'Commands that are never right are refused, and dangerous ones noted. Change or delete it as you like.',
    rules: [...rules],
  },
};

const madeKey = 'run-policy/dangerous-commands';

/** I2. */
export const makeReadyPolicy = async (deps: {
  readonly resources: Pick<Resources, 'create'>;
  readonly meta: Store['meta'];
  readonly log: Log;
}): Promise<void> => {
  if ((await deps.meta.get(madeKey)) !== undefined) return;
  await deps.resources.create(runPolicyKind, '', dangerousCommands).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
  });
  await deps.meta.set(madeKey, 'made');
  deps.log.info({ name: dangerousCommands.metadata.name }, 'the ready RunPolicy was made');
};
