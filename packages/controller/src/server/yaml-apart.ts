// Owns parsing YAML from outside: a megabyte of it can keep a parser busy for minutes and fill gigabytes.
// I1: it happens in a process of its own, which is ended after `timeoutMs` and at `memoryMib`: nobody else waits for
//     it. (A thread would not do: one that runs out of memory can take the whole process along.)
// I2: one body at a time; `waiting` more may stand in line, the rest is told to come again.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ApiError } from '@drover/api';

export interface YamlLimits {
  readonly timeoutMs: number;
  readonly memoryMib: number;
  readonly waiting: number;
}

export const defaultYamlLimits: YamlLimits = { timeoutMs: 5_000, memoryMib: 256, waiting: 8 };

const child = fileURLToPath(new URL('./yaml.child.ts', import.meta.url));
const refusalCode = 2;

/** Nothing of ours but where compiled code is kept: without it every body has a TypeScript compiler loaded first. */
const environment = (): NodeJS.ProcessEnv => {
  const compiled = process.env['NODE_COMPILE_CACHE'];
  return compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled };
};

const refused = (why: string): ApiError => new ApiError('BadRequest', `cannot read the body as YAML: ${why}`);

const whyNot = (code: number | null, isLate: boolean, timeoutMs: number, said: string): ApiError => {
  if (isLate) return refused(`it takes longer than ${timeoutMs} ms; send JSON`);
  if (code !== refusalCode) return refused('it takes too much memory; send JSON');
  return refused((said.split('\n', 1)[0] ?? '').slice(0, 300));
};

const parseOnce = (text: string, { timeoutMs, memoryMib }: YamlLimits): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${memoryMib}`];
    const parser = spawn(process.execPath, [...options, child], { env: environment(), cwd: '/' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      parser.kill('SIGKILL');
    }, timeoutMs);
    parser.stdout.on('data', (part: Buffer) => out.push(part));
    parser.stderr.on('data', (part: Buffer) => err.push(part));
    parser.stdin.on('error', () => undefined); // it may be ended before it has read all
    parser.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    parser.once('close', (code) => {
      clearTimeout(timer);
      if (code === 0 && !isLate) resolve(Buffer.concat(out).toString());
      else reject(whyNot(code, isLate, timeoutMs, Buffer.concat(err).toString()));
    });
    parser.stdin.end(text);
  });

/** Resolves to JSON text. Rejects with BadRequest, or TooManyRequests when too many wait (I2). */
export const createYamlReader = (
  limits: YamlLimits = defaultYamlLimits,
): ((text: string) => Promise<string>) => {
  let line: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (text) => {
    if (waiting > limits.waiting) {
      const why = 'cannot read the body: too much YAML is being read; try again, or send JSON';
      return Promise.reject(new ApiError('TooManyRequests', why, { retryAfterSeconds: 1 }));
    }
    waiting++;
    const turn = line.then(() => parseOnce(text, limits)).finally(() => waiting--);
    line = turn.catch(() => undefined);
    return turn;
  };
};
