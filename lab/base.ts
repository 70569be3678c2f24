// Owns the base trees of lab hosts: made once per machine and recipe, under a lock, by rename.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export const releases = ['debian-11', 'debian-12', 'debian-13', 'el-9'] as const;
export type Release = (typeof releases)[number];

/** Where base trees are kept: DROVER_LAB_CACHE, else the user's cache folder. */
export const cacheDir = (): string =>
  process.env['DROVER_LAB_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'drover-lab');

const recipe = join(import.meta.dirname, 'base.sh');

const build = (release: Release, target: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('bash', [recipe, release, target], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => said.push(data));
    child.stderr.on('data', (data: Buffer) => said.push(data));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `cannot build the ${release} base: ${Buffer.concat(said).toString().trim().slice(-2000)}`,
          ),
        );
    });
  });

/** Two may ask at once: the first builds, the others wait. A lock whose owner is gone is taken over. */
const withLock = async (file: string, work: () => Promise<void>): Promise<void> => {
  const deadline = performance.now() + 15 * 60_000;
  for (;;) {
    const handle = await open(file, 'wx').catch(() => undefined);
    if (handle) {
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => '0'));
    if (owner > 0 && !existsSync(`/proc/${owner}`)) await rm(file, { force: true });
    if (performance.now() > deadline)
      throw new Error(`cannot lock ${file}: process ${owner} has held it for 15 minutes`);
    await delay(200);
  }
  try {
    await work();
  } finally {
    await rm(file, { force: true });
  }
};

/**
 * Path of the release's base tree, built if it is not there (25 to 60 seconds).
 * @throws Error with the builder's last words when the package mirror cannot be reached.
 */
export const ensureBase = async (release: Release): Promise<string> => {
  const hash = createHash('sha256')
    .update(await readFile(recipe))
    .digest('hex')
    .slice(0, 12);
  const path = join(cacheDir(), `${release}-${hash}`);
  if (existsSync(path)) return path;
  await mkdir(cacheDir(), { recursive: true });
  await withLock(`${path}.lock`, async () => {
    if (existsSync(path)) return;
    const partial = `${path}.partial`;
    await rm(partial, { recursive: true, force: true });
    await build(release, partial);
    await rename(partial, path);
  });
  return path;
};

/** What is missing for lab hosts on this machine, in words; undefined when they can run. */
export const missingForLab = async (): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return 'lab hosts need root';
  const run = promisify(execFile);
  for (const tool of ['unshare', 'nsenter', 'ip', 'nft', 'mmdebstrap', 'python3', 'bash']) {
    const found = await run('sh', ['-c', `command -v ${tool}`]).catch(() => undefined);
    if (!found) return `lab hosts need the command ${tool}`;
  }
  const trial = 'echo "0 0 1" > /dev/null && mount -t tmpfs tmpfs /mnt';
  const allowed = await run('unshare', [
    '--user',
    '--map-root-user',
    '--mount',
    '--net',
    '--pid',
    '--fork',
    'sh',
    '-c',
    trial,
  ]).catch((error: Error) => error);
  if (allowed instanceof Error)
    return `lab hosts need user namespaces: ${allowed.message.split('\n').at(-2) ?? allowed.message}`;
  return undefined;
};
