// drover node add: make servers join over SSH, several at a time.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SshLogin, SshTrust } from '@drover/ssh';
import type { Command } from 'commander';
import { exitCodes, toOutcome, usageFailure } from '../failure.ts';
import { parsePairs, parseSeconds, parseWhole } from '../output/units.ts';
import { readInputText } from '../platform/input-file.ts';
import type { Session } from '../session.ts';

interface AddOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly passwordFile?: string;
  readonly fingerprint: readonly string[];
  readonly knownHosts: readonly string[];
  readonly sudo?: boolean;
  readonly policy?: string;
  readonly label: readonly string[];
  readonly width: string;
  readonly timeout: string;
}

const readFirstLine = async (path: string, what: string): Promise<string> =>
  (await readInputText(path, what)).split(/\r?\n/)[0] ?? '';

const toLogin = async (options: AddOptions, session: Session): Promise<SshLogin> => {
  const { key, passphraseFile, passwordFile } = options;
  const agent = session.environment['SSH_AUTH_SOCK'];
  if (key === undefined && passwordFile === undefined && agent === undefined)
    throw usageFailure('cannot sign in to the servers: give --key or --password-file, or run an ssh-agent');
  return {
    ...(key === undefined ? {} : { privateKey: await readInputText(key, '--key') }),
    ...(passphraseFile === undefined
      ? {}
      : { passphrase: await readFirstLine(passphraseFile, '--passphrase-file') }),
    ...(passwordFile === undefined ? {} : { password: await readFirstLine(passwordFile, '--password-file') }),
    ...(agent === undefined || key !== undefined ? {} : { agent }),
  };
};

const toTrust = async (options: AddOptions, session: Session): Promise<SshTrust> => {
  const { parseKnownHosts } = await import('@drover/ssh/known-hosts');
  for (const fingerprint of options.fingerprint)
    if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint))
      throw usageFailure(
        `cannot use --fingerprint ${fingerprint}: not SHA256:... as ssh-keygen -lf prints it`,
      );
  const home = session.environment['HOME'] ?? homedir();
  const usual = [join(home, '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts'].filter((path) =>
    existsSync(path),
  );
  const files = options.knownHosts.length > 0 ? options.knownHosts : usual;
  const known = await Promise.all(
    files.map(async (path) => parseKnownHosts(await readInputText(path, '--known-hosts'))),
  );
  return { known: known.flat(), fingerprints: options.fingerprint };
};

/** What is certainly no policy would leave a server that refuses everything. */
const readPolicy = async (path: string): Promise<string> => {
  const text = await readInputText(path, '--policy');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(
      `cannot use --policy ${path}: ${why}`,
      'it must be a JSON object, as in docs/user/servers.md',
    );
  }
  return text;
};

const add = async (words: readonly string[], options: AddOptions, command: Command, session: Session) => {
  const { parseTarget } = await import('../enrolment/ssh-target.ts');
  const targets = words.map(parseTarget);
  const login = await toLogin(options, session);
  const trust = await toTrust(options, session);
  const policy = options.policy === undefined ? '' : await readPolicy(options.policy);
  const labels = parsePairs(options.label, '--label');
  const timeoutMs = parseSeconds(options.timeout, '--timeout') * 1000;
  const width = parseWhole(options.width, '--width', 1);
  const client = session.connect(command);
  const { joinBySsh } = await import('../enrolment/join-by-ssh.ts');
  const { createStepsTable } = await import('../enrolment/steps-table.ts');
  const table = createStepsTable(
    session.out,
    targets.map((target) => target.label),
  );
  const remedies = new Set<string>();
  const left = [...targets];
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let target = left.shift(); target !== undefined; target = left.shift()) {
      const { label } = target;
      const onStep = (step: string) => table.set(label, step);
      try {
        const { node, warning } = await joinBySsh({
          client,
          target,
          login,
          trust,
          sudo: options.sudo === true,
          labels,
          policy,
          timeoutMs,
          onStep,
        });
        table.set(label, `node ${node} is Ready${warning === '' ? '' : `; ${warning}`}`, 'green');
      } catch (error) {
        failed += 1;
        const [why = '', remedy = ''] = toOutcome(error).lines;
        if (remedy !== '') remedies.add(remedy.trim());
        table.set(label, why, 'red');
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, targets.length) }, work));
  for (const remedy of remedies) session.note(`  ${remedy}`);
  session.setExitCode(failed === 0 ? exitCodes.ok : exitCodes.failed);
};

const repeat = (value: string, all: string[]): string[] => [...all, value];

export const defineAdd = (parent: Command, session: Session): void => {
  const command = parent
    .command('add')
    .description('Make servers join over SSH')
    .argument('<host...>', 'user@host or user@host:port')
    .option('--key <file>', 'private key to sign in with; absent: the ssh-agent')
    .option('--passphrase-file <file>', 'holds the passphrase of the key')
    .option('--password-file <file>', 'holds the password, for signing in and for sudo')
    .option(
      '--fingerprint <sha256>',
      'accept the host key with this fingerprint; may be repeated',
      repeat,
      [],
    )
    .option('--known-hosts <file>', 'verify host keys by this file; may be repeated', repeat, [])
    .option('--sudo', 'become root with sudo')
    .option('--policy <file>', 'put this policy in force on them, before they join (docs/user/signing.md)')
    .option('--label <key=value>', 'label of the nodes; may be repeated', repeat, [])
    .option('--width <count>', 'at most this many servers at a time', '16')
    .option('--timeout <time>', 'give up on a server after this', '2m')
    .addHelpText(
      'after',
      '\nHost keys are always verified: by known_hosts, or by the fingerprint you name. There is no way to switch that off.',
    );
  command.action((words: string[], options: AddOptions) => add(words, options, command, session));
};
