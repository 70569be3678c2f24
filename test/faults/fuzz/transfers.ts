// Owns the door of transfers: hostile manifests and file names, carried out by a real agent.
// I1: all of it happens eight folders deep, so that a name that led outside would be seen and do no harm.
// I2: every transfer ends, and one that does not succeed says why.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, type FileTransferSpec } from '@drover/api';
import { fileTransfers } from '@drover/client';
import fc from 'fast-check';
import { expect } from 'vitest';
import { startRealFleet } from '../../../bench/real-fleet.ts';
import { caseMs, type Door, type Ground, hold, type OpenDoor } from './ground.ts';
import { hostileText, hostileValue } from './values.ts';

const levels = ['1', '2', '3', '4', '5', '6', '7', '8'];
const data = Buffer.from('sixteen bytes ok');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Place {
  /** Holds the levels and nothing else. */
  readonly outside: string;
  readonly inside: string;
}

const openPlace = async (): Promise<Place> => {
  const outside = await mkdtemp(join(tmpdir(), 'drover-fuzz-'));
  const inside = join(outside, ...levels);
  await mkdir(join(inside, 'source'), { recursive: true });
  await writeFile(Buffer.from(`${inside}/source/odd\n\xff name`, 'latin1'), data);
  await writeFile(join(inside, 'source', '%41'), '');
  await symlink('loop', join(inside, 'source', 'loop'));
  await symlink('/', join(inside, 'source', 'root'));
  execFileSync('mkfifo', [join(inside, 'source', 'fifo')]);
  return { outside, inside };
};

const expectNothingOutside = async ({ outside }: Place): Promise<void> => {
  for (const [index, level] of levels.entries())
    expect(await readdir(join(outside, ...levels.slice(0, index)))).toEqual([level]);
};

const names = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'a/b',
    'link',
    'link/escape',
    '..',
    '../escape',
    '../../escape',
    'a/../../escape',
    './a',
  ),
  fc.constantFrom(
    'a//b',
    '/escape',
    'a/',
    '%2e%2e/escape',
    '%00',
    'a%00b',
    '%ff',
    '%',
    '%4',
    'a%2fb',
    'a'.repeat(300),
  ),
  hostileText,
);

const entry = fc.record(
  {
    path: names,
    type: fc.constantFrom('file', 'file', 'directory', 'symlink', 'fifo', 'x'),
    mode: fc.constantFrom<unknown>('0644', '0755', '7777', '99', '', -1, null),
    mtimeMs: fc.constantFrom<unknown>(0, 1e12, -1, 1e308, 'x', 0.5),
    size: fc.constantFrom<unknown>(16, 16, 16, 0, 15, 17, -1, 2 ** 40, 'x'),
    offset: fc.constantFrom<unknown>(0, 0, 0, 1, -1, 2 ** 53, null),
    sha256: fc.constantFrom<unknown>(sha256(data), sha256(data), '0'.repeat(64), 'x', 5),
    target: fc.constantFrom<unknown>('..', '../../..', 'a', '', '%00', '/', 'link', 5),
    dataSize: fc.constantFrom<unknown>(16, 0, -1),
    extents: fc.constantFrom<unknown>(
      [[0, 16]],
      [[-1, 5]],
      [[0, 2 ** 52]],
      [
        [5, 5],
        [0, 5],
      ],
      'x',
      [[]],
    ),
  },
  { requiredKeys: ['path', 'type'] },
);

const head = fc.record({
  version: fc.constantFrom<unknown>(1, 1, 1, 1, 2, 'x'),
  root: fc.constantFrom<unknown>('directory', 'directory', 'file', 'x'),
  content: fc.constantFrom<unknown>(sha256(data), sha256(data), '', '0'.repeat(64), '../x'),
  sizeBytes: fc.constantFrom<unknown>(16, 16, 16, 0, 2 ** 50, -1, 'x'),
});

const root = { path: '', type: 'directory', mode: '0755', mtimeMs: 0 };
const link = { path: 'link', type: 'symlink', target: '..', mode: '0777', mtimeMs: 0 };

const manifest = fc.oneof(
  {
    arbitrary: fc
      .tuple(
        head,
        fc.boolean(),
        fc.array(entry, { maxLength: 5 }),
        fc.option(hostileValue),
        fc.integer({ min: -1, max: 1 }),
      )
      .map(([first, hasRoot, rest, extra, wrong]) => {
        const entries = [...(hasRoot ? [root, link] : []), ...rest, ...(extra === null ? [] : [extra])];
        const lines = [{ ...first, entries: entries.length + wrong }, ...entries];
        return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      }),
    weight: 5,
  },
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

interface Case {
  readonly manifest: Buffer;
  readonly direction: 'Push' | 'Push' | 'Pull';
  readonly name: string;
  readonly check: boolean;
  readonly owner: string;
}

const cases: fc.Arbitrary<Case> = fc.record({
  manifest,
  direction: fc.constantFrom('Push', 'Push', 'Pull'),
  name: fc.oneof(
    fc.constantFrom(
      'target',
      'target',
      'source',
      'source/loop',
      'source/fifo',
      'source/odd%0a%ff name',
      'source/%2541',
    ),
    fc.constantFrom(
      '../escape',
      '%2e%2e/escape',
      'a/../../escape',
      'missing',
      'target/',
      'a//b',
      '%',
      '%00',
      'source/fifo/x',
    ),
    hostileText.map((text) => text.replace(/^\/+/, '')),
  ),
  check: fc.boolean(),
  owner: fc.oneof(
    { arbitrary: fc.constant('root'), weight: 6 },
    fc.constantFrom('nobody:x', ':', '-1', '0:0'),
    hostileText,
  ),
});

const upload = async ({ client }: Ground, bytes: Buffer): Promise<string> => {
  const hash = sha256(bytes);
  const read = async function* (offset: number) {
    yield bytes.subarray(offset);
  };
  await client.content.upload({ sizeBytes: bytes.length, sha256: hash, read });
  return hash;
};

let made = 0;

/** Name of the transfer, or undefined when the API refused it, which it may do for good reasons only. */
const create = async (
  ground: Ground,
  node: string,
  { inside }: Place,
  one: Case,
): Promise<string | undefined> => {
  const spec: Partial<FileTransferSpec> = {
    direction: one.direction,
    ...(one.direction === 'Push' ? { manifest: await upload(ground, one.manifest), owner: one.owner } : {}),
    path: `${inside}/${one.name}`,
    check: one.check,
    timeoutSeconds: 10,
    targets: { nodeSet: node },
  };
  const name = `fuzz-${++made}`;
  const object = { apiVersion: 'drover.dev/v1alpha1', kind: 'FileTransfer', metadata: { name }, spec };
  try {
    await ground.client.create(fileTransfers, object);
    return name;
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 422 });
    return undefined;
  }
};

const expectAnEnd = async ({ client }: Ground, name: string): Promise<void> => {
  const work = { kind: fileTransfers, name };
  const signal = AbortSignal.timeout(caseMs);
  for await (const event of client.watchResults(work, { signal })) if (event.type === 'END') break;
  const { items } = await client.results(work);
  expect(items).toHaveLength(1);
  const [task] = items;
  expect(task?.state).toMatch(/^(exited|never-started)$/);
  if (task?.result?.exitCode !== 0) expect(task?.result?.reason).not.toBe('');
};

type Undo = () => Promise<void> | void;

const undo = async (undos: Undo[]): Promise<void> => {
  for (const each of undos.reverse()) await each();
};

const openTransfers = async (ground: Ground, undos: Undo[]): Promise<OpenDoor> => {
  const context = { signal: new AbortController().signal, defer: (each: Undo) => void undos.push(each) };
  const place = await openPlace();
  undos.push(() => rm(place.outside, { recursive: true, force: true }));
  const [agent] = await startRealFleet(context, ground.controller, 1);
  if (agent === undefined) throw new Error('no agent was started');
  const { pid } = agent;
  await upload(ground, data);
  return {
    fuzz: (runs) =>
      hold(runs, cases, async (one) => {
        const name = await create(ground, agent.name, place, one);
        if (name !== undefined) await expectAnEnd(ground, name);
        await expectNothingOutside(place);
      }),
    close: async () => {
      expect(agent.pid).toBe(pid);
      expect(process.kill(pid, 0)).toBe(true);
      await undo(undos);
    },
  };
};

export const transfersDoor: Door = {
  name: 'manifests and file names at a real agent',
  share: 0.03,
  open: async (ground) => {
    const undos: Undo[] = [];
    try {
      return await openTransfers(ground, undos);
    } catch (error) {
      await undo(undos);
      throw error;
    }
  },
};
