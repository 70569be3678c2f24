// Owns the agent of this machine: enrolled as the first node, started and stopped with the controller.
// I1: whatever ends the controller, the agent of this machine does not outlive it for long: it is told on close,
//     and after kill -9 the next start finds it by its pid file and replaces it.
// I2: its log is two files of `logBytes` at most, and what it writes within an hour.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackoff } from './platform/backoff.ts';
import type { Log } from './platform/log.ts';

export interface LocalNode {
  close(): Promise<void>;
}

export interface LocalNodeDeps {
  readonly dataDir: string;
  readonly agentFile: string;
  /** https://host:port as the agent is to dial it. */
  readonly address: string;
  readonly caPin: string;
  /** Makes a single-use enrolment token; asked only when this machine has no identity yet. */
  readonly newToken: () => Promise<string>;
  readonly log: Log;
}

const logBytes = 4 * 1024 * 1024;
const hourMs = 3_600_000;

/** I2. The agent has the file open to append: what it writes next begins the emptied file. */
export const trimLog = async (path: string, mostBytes: number): Promise<void> => {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size <= mostBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
};

/** The agent writes it once it has joined. */
const joinedFile = 'config.json';

const endPrevious = async (pidFile: string, agentFile: string): Promise<void> => {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'));
  if (!(pid > 1)) return;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!commandLine.includes(agentFile)) return;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + 5000;
  while (existsSync(`/proc/${pid}`) && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
};

/** Starts the agent and keeps it running until `close`. Never throws for the agent's sake: its log says why. */
export const startLocalNode = async (deps: LocalNodeDeps): Promise<LocalNode> => {
  const dir = join(deps.dataDir, 'local-node');
  const pidFile = join(deps.dataDir, 'local-node.pid');
  const logFile = join(deps.dataDir, 'local-node.log');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await endPrevious(pidFile, deps.agentFile);
  const backoff = createBackoff({ baseMs: 1000, maxMs: 30_000 });
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closing = false;

  const start = async (): Promise<void> => {
    const enrolled = existsSync(join(dir, joinedFile));
    const args = enrolled
      ? ['run', '--dir', dir]
      : ['join', deps.address, deps.caPin, '--dir', dir, '--foreground'];
    const token = enrolled ? {} : { DROVER_TOKEN: await deps.newToken() };
    if (closing) return;
    const output = await open(logFile, 'a', 0o600);
    child = spawn('python3', [deps.agentFile, ...args], {
      stdio: ['ignore', output.fd, output.fd],
      env: { ...process.env, ...token },
      detached: true, // Ctrl-C at the terminal is for the controller, which then ends the agent in order
    });
    child.on('exit', (code) => {
      if (closing) return;
      deps.log.warn({ code }, 'the agent of this machine ended; starting it again');
      timer = setTimeout(() => void start(), backoff.nextMs());
    });
    child.on('error', (error) => deps.log.error({ err: error }, 'cannot start the agent of this machine'));
    await output.close();
    await writeFile(pidFile, String(child.pid ?? 0));
  };

  const trim = (): Promise<void> =>
    trimLog(logFile, logBytes).catch((err) =>
      deps.log.warn({ err }, `cannot shorten ${logFile}, will try again`),
    );
  await trim();
  const trimming = setInterval(() => void trim(), hourMs);
  await start();
  return {
    close: async () => {
      closing = true;
      clearInterval(trimming);
      clearTimeout(timer);
      const running = child;
      if (running && running.exitCode === null && running.signalCode === null) {
        const ended = new Promise((resolve) => running.once('exit', resolve));
        running.kill('SIGTERM');
        const hard = setTimeout(() => running.kill('SIGKILL'), 5000);
        await ended;
        clearTimeout(hard);
      }
      await rm(pidFile, { force: true });
    },
  };
};
