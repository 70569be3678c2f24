// Owns `drover lab`: up, down, status, exec and faults on a lab kept by daemon.ts.
import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { missingForLab, type Release, releases } from './base.ts';
import { labRunDir } from './lab.ts';

export const labHelp = `usage: drover lab up COUNT [--os ${releases.join('|')}]   boot hosts n1 ... nCOUNT
       drover lab status                        list hosts and addresses
       drover lab exec HOST -- COMMAND...       run a command in a host
       drover lab relay PORT                    hosts reach this machine's 127.0.0.1:PORT as 198.18.0.1:PORT
       drover lab off|cycle|freeze|thaw|cut|heal HOST
       drover lab delay HOST MILLISECONDS
       drover lab down                          end every host and remove its disk`;

/** The caller wrote something that cannot be meant; exit code 2. */
class WrongUsage extends Error {}

type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

const socketPath = async (): Promise<string> => join(await labRunDir(), 'lab.sock');

const ask = async (question: object): Promise<unknown> => {
  const path = await socketPath();
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(path);
    let said = '';
    socket.on('error', () => reject(new Error('no lab is up: try "drover lab up 3"')));
    socket.on('data', (data) => {
      said += data.toString();
    });
    socket.on('close', () => resolve(said));
    socket.write(`${JSON.stringify(question)}\n`);
  });
  const answer = JSON.parse(text || '{"ok":false,"message":"the lab ended"}') as Answer;
  if (!answer.ok) throw new Error(answer.message);
  return answer.value;
};

const startDaemon = async (): Promise<void> => {
  const missing = await missingForLab();
  if (missing) throw new Error(`cannot start a lab: ${missing}`);
  const path = await socketPath();
  const log = openSync(join(await labRunDir(), 'lab.log'), 'a', 0o600);
  const daemon = spawn(process.execPath, [join(import.meta.dirname, 'daemon.ts'), path], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  daemon.unref();
  const deadline = performance.now() + 20_000;
  while (!existsSync(path)) {
    if (daemon.exitCode !== null || performance.now() > deadline)
      throw new Error(`cannot start a lab: see ${join(await labRunDir(), 'lab.log')}`);
    await delay(50);
  }
};

const running = (): Promise<boolean> =>
  ask({ verb: 'status' }).then(
    () => true,
    () => false,
  );

const up = async (args: readonly string[]): Promise<void> => {
  const count = Number(args[0] ?? '1');
  const os = args.includes('--os') ? args[args.indexOf('--os') + 1] : 'debian-12';
  if (!Number.isInteger(count) || count < 1 || count > 100)
    throw new WrongUsage('cannot boot hosts: COUNT is 1 to 100');
  const release = releases.find((known): known is Release => known === os);
  if (!release) throw new WrongUsage(`cannot boot hosts: --os is one of ${releases.join(', ')}`);
  if (!(await running())) await startDaemon();
  const existing = (await ask({ verb: 'status' })) as readonly { name: string }[];
  for (let number = existing.length + 1; number <= existing.length + count; number += 1) {
    await ask({ verb: 'up', name: `n${number}`, release });
    process.stdout.write(`n${number} is up (${release})\n`);
  }
};

const exec = async (name: string | undefined, argv: readonly string[]): Promise<number> => {
  if (!name || argv.length === 0) throw new WrongUsage('usage: drover lab exec HOST -- COMMAND...');
  const [command, ...args] = (await ask({ verb: 'argv', name, argv })) as string[];
  const child = spawn(command ?? 'nsenter', args, { stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
};

const status = async (): Promise<void> => {
  const hosts = (await ask({ verb: 'status' })) as readonly { name: string; address: string }[];
  for (const host of hosts) process.stdout.write(`${host.name.padEnd(12)}${host.address}\n`);
};

const wantsHelp = ([verb, ...words]: readonly string[]): boolean =>
  verb === undefined ||
  [verb, words[0]].some((word) => word === '--help' || word === '-h') ||
  verb === 'help';

const obey = async (args: readonly string[]): Promise<number> => {
  const [verb, name, ...rest] = args;
  switch (verb) {
    case 'up':
      await up(args.slice(1));
      return 0;
    case 'status':
      await status();
      return 0;
    case 'exec':
      return exec(name, rest[0] === '--' ? rest.slice(1) : rest);
    case 'relay':
      await ask({ verb, number: Number(name) });
      return 0;
    case 'delay':
      await ask({ verb, name, number: Number(rest[0]) });
      return 0;
    case 'off':
    case 'cycle':
    case 'freeze':
    case 'thaw':
    case 'cut':
    case 'heal':
      await ask({ verb, name });
      return 0;
    case 'down':
      await ask({ verb: 'close' });
      return 0;
    default:
      throw new WrongUsage(`unknown: ${verb}\n${labHelp}`);
  }
};

/** Runs `drover lab ARGS`; returns the exit code. @throws Error with a sentence for people. */
export const labCommand = async (args: readonly string[]): Promise<number> => {
  if (wantsHelp(args)) {
    process.stdout.write(`${labHelp}\n`);
    return 0;
  }
  try {
    return await obey(args);
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    process.stderr.write(`drover: ${error.message}\n`);
    return 2;
  }
};
