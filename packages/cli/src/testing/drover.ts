// Runs the real drover command as a process, for tests.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'drover');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly finished: Promise<Finished>;
}

export interface DroverOptions {
  readonly contextFile?: string;
  /** Home directory: contexts, known hosts and caches are there. */
  readonly home: string;
  readonly input?: string | Uint8Array;
  /** A shell command whose output is piped to it instead. */
  readonly producer?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export const startDrover = (argv: readonly string[], options: DroverOptions): Running => {
  const { producer } = options;
  const words = producer === undefined ? [launcher] : ['sh', '-c', `${producer} | "$0" "$@"`, launcher];
  const [program = launcher, ...first] = words;
  const child = spawn(program, [...first, ...argv], {
    cwd: options.home,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: options.home,
      XDG_CACHE_HOME: join(import.meta.dirname, '..', '..', '..', '..', 'node_modules', '.cache'),
      ...(options.contextFile === undefined ? {} : { DROVER_CONTEXT: options.contextFile }),
      ...options.environment,
    },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => out.push(data));
  child.stderr.on('data', (data: Buffer) => err.push(data));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const stdout = () => Buffer.concat(out).toString('utf8');
  const stderr = () => Buffer.concat(err).toString('utf8');
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
  });
  return { child, stdout, stderr, finished };
};

export const drover = (argv: readonly string[], options: DroverOptions): Promise<Finished> =>
  startDrover(argv, options).finished;

/** Resolves once `condition` holds; throws with `what` after 10 s. */
export const until = async (condition: () => boolean, what: string): Promise<void> => {
  const deadlineMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
