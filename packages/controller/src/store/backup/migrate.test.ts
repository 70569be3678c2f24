import { createHash } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ApiError } from '@drover/api';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { openFilling } from '../postgres/filling.ts';
import { type Migrated, migrateStore } from './migrate.ts';
import { readBackup, restoreBackup } from './restore.ts';
import {
  addRun,
  backUp,
  fill,
  key,
  kinds,
  type Opened,
  object,
  type Place,
  recordingId,
  useGround,
} from './test-ground.ts';

const ground = useGround();
const clock = systemClock;
const isSkipped = kinds.some((one) => one.isSkipped);

const move = (from: Place, to: Place): Promise<Migrated> => migrateStore({ from, to, clock });

/** Of every file under it but those of the lock and SQLite's own index of its log. */
const hashOf = async (dir: string): Promise<string> => {
  const hash = createHash('sha256');
  const names = (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/^(lock\.db|drover\.db-(wal|shm))$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const name of names) hash.update(name).update(await readFile(name));
  return hash.digest('hex');
};

const filled = async (place: Place): Promise<void> => {
  const opened = await ground.open(place);
  await fill(opened);
  await ground.close(opened);
};

/** What somebody who uses it finds there. */
const found = async ({ store }: Opened) => ({
  objects: await store.objects.since(0, 1_000),
  task: await store.tasks.get('task'),
  token: await store.credentials.bySha256('h'),
  kept: await store.meta.get('kept'),
  shell: await text((await store.recordings.read(recordingId)).data),
});

const query = async (url: string, sql: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

describe.skipIf(isSkipped)('a move of the store', () => {
  test('to PostgreSQL and back keeps every row, secret and blob, and leaves what it reads as it was', async () => {
    const first = await ground.place('SQLite', 'first');
    const second = await ground.place('PostgreSQL', 'second');
    const third = await ground.place('SQLite', 'third');
    await filled(first);
    const before = await hashOf(first.dataDir);

    const there = await move(first, second);
    const back = await move(second, third);

    expect(there.copy).toEqual(there.source);
    expect(back.copy).toEqual(there.source);
    expect([there.source.tables['object_log']?.rows, there.source.files.count]).toEqual([3, 2]);
    expect(await hashOf(first.dataDir)).toBe(before);
    const [one, two, three] = [await ground.open(first), await ground.open(second), await ground.open(third)];
    expect(await found(two)).toEqual(await found(one));
    expect(await found(three)).toEqual(await found(one));
  });

  test('is gone on from: rows that come afterwards get numbers of their own', async () => {
    const from = await ground.place('SQLite', 'data');
    const to = { ...from, url: (await ground.place('PostgreSQL', 'x')).url };
    await filled(from);
    await move(from, to);

    const { store } = await ground.open(to);
    await addRun(store, 'another', 'text');
    await store.objects.write([object('d', 'four')]);

    expect((await store.objects.since(0, 100)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    expect(await store.tasks.get('another')).toMatchObject({ node: 'n1' });
  });

  test('that was killed leaves a database that no controller opens, and the next begins anew', async () => {
    const from = await ground.place('SQLite', 'data');
    const to = { ...from, url: (await ground.place('PostgreSQL', 'x')).url };
    await filled(from);
    const half = await openFilling(to.url ?? '');
    await half.begin(1);
    await half.database.run("INSERT INTO meta (key, value) VALUES ('half', '')");
    await half.close();

    await expect(ground.open(to)).rejects.toThrow('did not come to its end; give that command again');
    await expect(move(to, await ground.place('SQLite', 'y'))).rejects.toThrow('did not come to its end');
    const { source, copy } = await move(from, to);

    expect(copy).toEqual(source);
    expect(await (await ground.open(to)).store.meta.get('half')).toBeUndefined();
  });

  test('is refused while a controller runs on either side, and none starts on what is being moved', async () => {
    const from = await ground.place('SQLite', 'data');
    const to = await ground.place('PostgreSQL', 'x');
    const running = await ground.open(from);
    await expect(move(from, to)).rejects.toThrow(
      `a controller (process ${process.pid}) is using it; stop it first`,
    );
    await ground.close(running);
    const other = await ground.open(to);
    await expect(move(from, to)).rejects.toThrow(/controllers use it \(from 127\.0\.0\.1\); stop them first/);
    await expect(move(to, await ground.place('SQLite', 'y'))).rejects.toThrow('stop them first');
    await ground.close(other);

    const empty = await ground.place('PostgreSQL', 'z');
    const filling = await openFilling(empty.url ?? '');
    await expect(ground.open(empty)).rejects.toThrow('its data are being moved');
    await expect(openFilling(empty.url ?? '')).rejects.toThrow('another restore or move is at it');
    await filling.close();
  });

  test('that fails says why, and what else failed as it was given up', async () => {
    const from = await ground.place('SQLite', 'data');
    await filled(from);
    const parent = join(ground.dir(), 'place');
    await mkdir(parent);
    const onProgress = (): void => {
      renameSync(parent, join(ground.dir(), 'away'));
      writeFileSync(parent, '');
      throw new ApiError('ServiceUnavailable', 'cannot go on: the disk is gone');
    };
    const to = { dataDir: join(parent, 'copy') };

    await expect(migrateStore({ from, to, clock, onProgress })).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: expect.stringMatching(/^cannot go on: the disk is gone; what was begun .*ENOTDIR/),
    });
  });

  test('overwrites nothing: data, tables of others, newer schemas and schemas that are not there', async () => {
    const from = await ground.place('SQLite', 'data');
    await filled(from);
    const to = { ...from, url: (await ground.place('PostgreSQL', 'x')).url };
    await query(to.url ?? '', 'CREATE TABLE theirs (x INT)');
    await expect(move(from, to)).rejects.toThrow("it holds tables that are not Drover's (theirs)");
    await query(to.url ?? '', 'DROP TABLE theirs');
    await move(from, to);
    await expect(move(from, to)).rejects.toThrow(/holds the data of a controller \(table \w+\)/);
    await query(to.url ?? '', 'UPDATE drover_schema SET version = 999');
    await expect(move(to, await ground.place('SQLite', 'y'))).rejects.toThrow(/newer version.*schema 999/);
    await expect(move(from, to)).rejects.toThrow(/newer version.*schema 999/);
    const nowhere = { ...to, url: (to.url ?? '').replace(/test\d+_\d+/, 'nowhere') };
    await expect(move(from, nowhere)).rejects.toThrow('the schema that its address names is not there');
  });

  test('whose content or keys are not right is given up, and leaves the database empty', async () => {
    const from = await ground.place('SQLite', 'data');
    const to = { ...from, url: (await ground.place('PostgreSQL', 'x')).url };
    await filled(from);
    const [blob = ''] = (await readdir(join(from.dataDir, 'blobs'), { recursive: true })).filter((name) =>
      /[0-9a-f]{64}$/.test(name),
    );
    await writeFile(join(from.dataDir, 'blobs', blob), 'other');
    await expect(move(from, to)).rejects.toThrow('it holds other bytes than its name says');
    expect(
      await query(
        to.url ?? '',
        'SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace',
      ),
    ).toEqual([]);

    await rm(join(from.dataDir, 'keys'), { recursive: true });
    await expect(move(from, to)).rejects.toThrow(/secrets\.json is missing or not the one/);
    await mkdir(join(from.dataDir, 'keys'));
    expect(await readdir(join(from.dataDir, 'keys'))).toEqual([]);
  });

  test('a backup of either store is restored into the other, with one digest', async () => {
    const origin = await ground.open(await ground.place('SQLite', 'data'));
    await fill(origin);
    const file = join(ground.dir(), 'a.backup');
    const { digest } = await backUp(origin, file);
    const to = await ground.place('PostgreSQL', 'copy');
    expect((await restoreBackup({ file, key, ...to })).digest).toEqual(digest);

    const copy = await ground.open(to);
    expect(await found(copy)).toEqual(await found(origin));
    const again = join(ground.dir(), 'b.backup');
    const second = await backUp(copy, again);
    expect((await readBackup(again, key)).digest).toEqual(second.digest);
    const back = await ground.place('SQLite', 'back');
    expect((await restoreBackup({ file: again, key, ...back })).digest).toEqual(second.digest);
    expect(await found(await ground.open(back))).toEqual(await found(origin));
  });
});
