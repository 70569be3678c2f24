// Owns a lab: several Linux hosts (systemd as PID 1, own network and users) in namespaces of one machine.
// I1: every host lives in its own user namespace: nothing done in it can change this machine.
// I2: the whole lab ends with the process that opened it, however that dies: its supervisor reads our pipe.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureBase, type Release } from './base.ts';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Address at which hosts see relayed ports of this machine. */
export const gatewayAddress = '198.18.0.1';

const cgroupRoot = (): string =>
  existsSync('/sys/fs/cgroup/unified/cgroup.procs') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
const prefix = 'drover-lab-';

/** Ends what labs of dead processes left: cgroups (there is nothing else that outlives its namespace). */
const sweep = (): void => {
  for (const entry of readdirSync(cgroupRoot())) {
    if (!entry.startsWith(prefix) || existsSync(`/proc/${entry.slice(prefix.length)}`)) continue;
    try {
      writeFileSync(join(cgroupRoot(), entry, 'cgroup.kill'), '1');
    } catch {
      // already empty and removed by its supervisor
    }
    spawn('sh', ['-c', `sleep 0.2; find '${join(cgroupRoot(), entry)}' -depth -type d -exec rmdir {} +`], {
      stdio: 'ignore',
    });
  }
};

/** Each systemd uses several inotify instances; the usual limit of 128 stops at 13 hosts. Returns the undo. */
const raiseInotify = (): (() => void) => {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  const before = readFileSync(file, 'utf8').trim();
  if (Number(before) >= 8192) return () => undefined;
  writeFileSync(file, '8192');
  return () => writeFileSync(file, before);
};

export class Lab {
  readonly #supervisor: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #state: string;
  readonly #undo: () => void;
  readonly #answers: ((line: string) => void)[] = [];
  readonly #hosts = new Map<string, { readonly address: string; readonly base: string }>();
  #addresses = 0;
  #innerPid = 0;

  private constructor(
    supervisor: ChildProcessByStdio<Writable, Readable, Readable>,
    state: string,
    undo: () => void,
  ) {
    this.#supervisor = supervisor;
    this.#state = state;
    this.#undo = undo;
    createInterface({ input: supervisor.stdout }).on('line', (line) => this.#answers.shift()?.(line));
    supervisor.on('exit', () => {
      for (const answer of this.#answers.splice(0)) answer('error the lab has ended');
    });
  }

  /** @throws Error when namespaces cannot be made here (see missingForLab). */
  static async open(): Promise<Lab> {
    sweep();
    const state = await mkdtemp(join(tmpdir(), prefix));
    const network = openSync('/proc/self/ns/net', 'r');
    const supervisor = spawn(
      'unshare',
      [
        ...[
          '--net',
          '--mount',
          '--pid',
          '--fork',
          '--mount-proc',
          '--kill-child',
          '--propagation',
          'private',
        ],
        ...['--', 'bash', join(import.meta.dirname, 'supervisor.sh')],
      ],
      {
        // descriptor 9 is this machine's network, for the relay; it must be named by position
        stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', network],
        env: { ...process.env, LAB_STATE: state, LAB_CGROUP: join(cgroupRoot(), `${prefix}${process.pid}`) },
        detached: true,
      },
    ) as ChildProcessByStdio<Writable, Readable, Readable>; // three pipes were asked for above
    closeSync(network);
    const undo = raiseInotify();
    const lab = new Lab(supervisor, state, undo);
    const said: Buffer[] = [];
    supervisor.stderr.on('data', (data: Buffer) => said.push(data));
    const first = await new Promise<string>((resolve) => lab.#answers.push(resolve));
    if (first !== 'ready')
      throw new Error(`cannot open a lab: ${first} ${Buffer.concat(said).toString().trim()}`);
    const pid = String(supervisor.pid);
    lab.#innerPid = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
    return lab;
  }

  async #tell(line: string): Promise<string> {
    const answer = new Promise<string>((resolve) => this.#answers.push(resolve));
    this.#supervisor.stdin.write(`${line}\n`);
    const said = await answer;
    if (!said.startsWith('ok')) throw new Error(`lab: ${said.replace(/^error /, '')}`);
    return said.slice(3);
  }

  get hosts(): readonly { readonly name: string; readonly address: string }[] {
    return [...this.#hosts].map(([name, { address }]) => ({ name, address }));
  }

  /** Never given twice, however many hosts boot at once or have been removed. */
  #newAddress(): string {
    const number = ++this.#addresses;
    return `198.18.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;
  }

  /** Boots a host (again, on the same disk, if it was switched off). Resolves when systemd says it is up. */
  async up(name: string, release: Release = 'debian-12'): Promise<void> {
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(name))
      throw new Error(`cannot name a lab host "${name}": use a-z, 0-9 and -`);
    const host = this.#hosts.get(name) ?? { address: this.#newAddress(), base: await ensureBase(release) };
    this.#hosts.set(name, host);
    await this.#tell(`up ${name} ${host.address} ${host.base}`);
    await this.waitFor(async () => {
      const state = await this.exec(name, ['systemctl', 'is-system-running']);
      return ['running', 'degraded'].includes(state.stdout.trim());
    }, `host ${name} to boot`);
  }

  /** Power loss: everything on the host is dead within a tenth of a second. */
  async off(name: string): Promise<void> {
    await this.#tell(`off ${name}`);
  }

  async powerCycle(name: string): Promise<void> {
    await this.off(name);
    await this.up(name);
  }

  /** Removes the host and its disk. */
  async down(name: string): Promise<void> {
    await this.#tell(`down ${name}`);
    this.#hosts.delete(name);
  }

  freeze = (name: string): Promise<string> => this.#tell(`freeze ${name}`);
  thaw = (name: string): Promise<string> => this.#tell(`thaw ${name}`);
  /** Silent partition: packets to and from the host vanish, connections stay open. */
  cut = (name: string): Promise<string> => this.#tell(`cut ${name}`);
  heal = (name: string): Promise<string> => this.#tell(`heal ${name}`);
  /** Each way; 0 ends it. */
  delay = (name: string, delayMs: number): Promise<string> => this.#tell(`delay ${name} ${delayMs}`);

  /** Hosts reach 127.0.0.1:`targetPort` of this machine as 198.18.0.1:`port`. */
  async relay(port: number, targetPort: number = port): Promise<void> {
    await this.#tell(`relay ${port} ${targetPort}`);
  }

  /** The argument list that runs `argv` inside the host, for spawn. */
  async argv(name: string, argv: readonly string[]): Promise<readonly string[]> {
    const pid = await this.#tell(`pid ${name}`);
    return [
      'nsenter',
      '-t',
      String(this.#innerPid),
      '-m',
      '-p',
      '-n',
      '--',
      'nsenter',
      '-t',
      pid,
      '-a',
      '--',
      ...argv,
    ];
  }

  /** The argument list that runs `argv` beside the hosts, in the lab's own network. */
  networkArgv(argv: readonly string[]): readonly string[] {
    return ['nsenter', '-t', String(this.#innerPid), '-n', '--', ...argv];
  }

  async exec(
    name: string,
    argv: readonly string[],
    options: { readonly input?: string } = {},
  ): Promise<Finished> {
    const [command, ...args] = await this.argv(name, argv);
    return new Promise((resolve, reject) => {
      const child = spawn(command ?? 'nsenter', args, {
        env: {
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: '/root',
          LANG: 'C.UTF-8',
        },
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on('data', (data: Buffer) => out.push(data));
      child.stderr.on('data', (data: Buffer) => err.push(data));
      child.on('error', reject);
      child.stdin.on('error', () => undefined); // the command may end before it has read all
      child.stdin.end(options.input ?? '');
      child.on('close', (code) =>
        resolve({
          code: code ?? -1,
          stdout: Buffer.concat(out).toString(),
          stderr: Buffer.concat(err).toString(),
        }),
      );
    });
  }

  async waitFor(condition: () => Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (await condition().catch(() => false)) return;
      if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
      await delay(50);
    }
  }

  async close(): Promise<void> {
    const ended =
      this.#supervisor.exitCode === null
        ? new Promise((resolve) => this.#supervisor.once('exit', resolve))
        : undefined;
    this.#supervisor.stdin.end();
    await ended;
    await rm(this.#state, { recursive: true, force: true });
    this.#undo();
  }
}

/** Ensures the folder for persistent labs (drover lab) and returns it. */
export const labRunDir = async (): Promise<string> => {
  const dir = join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'drover-lab');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return dir;
};
