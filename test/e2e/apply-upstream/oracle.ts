// Owns the little Go program that plays cases with upstream's code: built once, asked line by line.
// Debian's package has no go.mod path of version 4, so Go is told to look as it did before modules.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Case, toUpstreamSchema } from './cases.ts';

const source = join(import.meta.dirname, 'main.go');
const debianCode = '/usr/share/gocode';
const library = join(debianCode, 'src/sigs.k8s.io/structured-merge-diff/merge/update.go');

export interface Outcome {
  readonly error?: string;
  readonly conflicts: readonly string[];
  readonly live: unknown;
  readonly managers: Readonly<Record<string, unknown>>;
}

export interface Oracle {
  play(one: Case): Promise<readonly Outcome[]>;
  close(): void;
}

const hasGo = (): boolean => {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** What is missing to build it; undefined when nothing is. */
export const missingForOracle = (): string | undefined => {
  if (!existsSync(library)) return 'golang-k8s-sigs-structured-merge-diff-dev';
  return hasGo() ? undefined : 'golang-go';
};

const build = (): string => {
  const hash = createHash('sha256').update(readFileSync(source)).update(readFileSync(library)).digest('hex');
  const folder = join(tmpdir(), `drover-apply-upstream-${hash.slice(0, 16)}-${process.getuid?.() ?? 0}`);
  const program = join(folder, 'play');
  if (existsSync(program)) return program;
  const code = join(folder, 'src/drover.dev/play');
  mkdirSync(code, { recursive: true, mode: 0o700 });
  copyFileSync(source, join(code, 'main.go'));
  writeFileSync(join(code, 'go.mod'), 'module drover.dev/play\n');
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOFLAGS: '',
    GOPATH: `${folder}:${debianCode}`,
    GOCACHE: join(folder, 'cache'),
  };
  const fresh = `${program}.${process.pid}`;
  execFileSync('go', ['build', '-o', fresh, '.'], { cwd: code, env, stdio: ['ignore', 'ignore', 'inherit'] });
  renameSync(fresh, program);
  return program;
};

export const openOracle = (): Oracle => {
  const child = spawn(build(), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    play: async ({ schema, steps }) => {
      child.stdin.write(`${JSON.stringify({ schema: toUpstreamSchema(schema), steps })}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the upstream program has ended');
      return JSON.parse(value) as readonly Outcome[];
    },
    close: () => void child.stdin.end(),
  };
};
