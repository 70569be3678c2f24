import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createHold } from '../../platform/hold.ts';
import { ownVersion } from '../../platform/version.ts';
import { readAll } from '../contract/blobs.ts';
import { deriveKey } from '../sealing/key-source.ts';
import { testThreads } from '../test-threads.ts';
import { type BackupKey, formatVersion } from './container.ts';
import { openBackupDesk } from './desk.ts';
import { readBackup, restoreBackup } from './restore.ts';
import {
  addBlob,
  backUp,
  inFormat,
  key,
  keyOf,
  kinds,
  makeNewer,
  newerBackup,
  type Opened,
  object,
  type Place,
  useGround,
} from './test-ground.ts';

const ground = useGround();
const { dir } = ground;
let origin: Opened;
let to: Place;

const passphrase = (text: string): BackupKey => ({
  isPassphrase: true,
  load: (salted) => deriveKey(text, 'the passphrase', salted),
});

const restore = (file: string, place: Place, given = key) => restoreBackup({ file, key: given, ...place });

const dataDir = (): string => origin.place.dataDir;

/** A backup of some of everything. */
const someBackup = async (): Promise<string> => {
  await origin.store.objects.write([object('a', 'one'), object('b', 'planted-4711', 'secrets')]);
  await addBlob(origin.store, randomBytes(700_000));
  const file = join(dir(), 'some.backup');
  await backUp(origin, file);
  return file;
};

for (const { kind, isSkipped } of kinds)
  describe.skipIf(isSkipped)(`a store in ${kind}`, () => {
    beforeEach(async () => {
      origin = await ground.open(await ground.place(kind, 'data'));
      to = await ground.place(kind, 'copy');
    });

    test('what is restored has the digest of its origin, the same objects, secrets and blobs', async () => {
      await origin.store.objects.write([object('a', 'one'), object('b', 'planted-4711', 'secrets')]);
      const sha256 = await addBlob(origin.store, Buffer.from('content'));
      const file = join(dir(), 'x.backup');
      const { digest, about } = await backUp(origin, file);

      const read = await restore(file, to);

      expect(read.digest).toEqual(digest);
      expect([about.revision, about.counts['blob'], about.counts['object_log']]).toEqual([2, 1, 2]);
      const copy = await ground.open(to);
      expect((await copy.store.objects.snapshot()).rows).toEqual(
        (await origin.store.objects.snapshot()).rows,
      );
      expect((await readAll(copy.store.blobs, sha256)).toString()).toBe('content');
      expect((await readFile(file)).includes('planted-4711')).toBe(false);
    });

    test('a backup taken while others write is of one moment: the rows up to its revision, and all that was answered before', async () => {
      for (let i = 0; i < 300; i++)
        await origin.store.objects.write([object(`before-${i}`, 'x'.repeat(2_000))]);
      let going = true;
      const writing = (async () => {
        for (let i = 0; going; i++)
          await origin.store.objects.write([object(`during-${i}`, 'y'.repeat(2_000))]);
      })();

      const { about } = await backUp(origin, join(dir(), 'x.backup'));
      going = false;
      await writing;

      await restore(join(dir(), 'x.backup'), to);
      const copy = await ground.open(to);
      const upTo = (await origin.store.objects.since(0, 100_000)).filter(
        ({ revision }) => revision <= about.revision,
      );
      expect(await copy.store.objects.since(0, 100_000)).toEqual(upTo);
      expect(about.revision).toBeGreaterThanOrEqual(300);
      expect((await origin.store.objects.since(0, 100_000)).length).toBeGreaterThan(upTo.length);
    });

    test('what is sealed under several data keys opens in the copy, under a key of its own', async () => {
      await origin.store.objects.write([object('old', 'first', 'secrets')]);
      await origin.keyring.addKey();
      await origin.store.objects.write([object('new', 'second', 'secrets')]);
      await backUp(origin, join(dir(), 'x.backup'));

      await restore(join(dir(), 'x.backup'), to);

      const copy = await ground.open(to);
      const texts = (await copy.store.objects.snapshot()).rows.map(({ value }) => value['data']);
      expect(texts).toEqual(expect.arrayContaining([{ text: 'first' }, { text: 'second' }]));
      expect(await readFile(`${to.dataDir}.key`)).not.toEqual(await readFile(`${dataDir()}.key`));
    });

    test('every flipped bit is refused, saying where', async () => {
      const file = await someBackup();
      const bytes = await readFile(file);
      const places = [0, 9, 40, 200, Math.floor(bytes.length / 2), bytes.length - 300_000, bytes.length - 1];
      for (const place of places) {
        const changed = Buffer.from(bytes);
        changed[place] = (changed[place] ?? 0) ^ 4;
        await writeFile(file, changed);
        await expect(restore(file, to), `byte ${place}`).rejects.toThrow(
          /not a backup of Drover|header is damaged|chunk \d+ was changed|chunk \d+ stands where/,
        );
      }
      expect(await readdir(dir())).not.toContain('copy');
      expect(await readdir(dir())).not.toContain('copy.restoring');
    });

    test('a cut backup is refused wherever it is cut, and one to which something was added', async () => {
      const file = await someBackup();
      const bytes = await readFile(file);
      for (const size of [0, 5, 100, 800, 5_000, bytes.length - 262_000, bytes.length - 1]) {
        await writeFile(file, bytes.subarray(0, size));
        await expect(readBackup(file, key), `${size} bytes`).rejects.toThrow(
          size < 8 ? /not a backup/ : /it ends (early|within its header)|header is damaged/,
        );
      }
      await writeFile(file, Buffer.concat([bytes, Buffer.from('x')]));
      await expect(readBackup(file, key)).rejects.toThrow('something follows its end');
    });

    test('chunks that changed places are told from chunks that were changed', async () => {
      const file = await someBackup();
      const bytes = await readFile(file);
      const first = bytes.readUInt32BE(8) + 12 + 32;
      const size = 13 + 256 * 1024 + 16;
      const [one, two] = [
        bytes.subarray(first, first + size),
        bytes.subarray(first + size, first + 2 * size),
      ];
      await writeFile(
        file,
        Buffer.concat([bytes.subarray(0, first), two, one, bytes.subarray(first + 2 * size)]),
      );

      await expect(readBackup(file, key)).rejects.toThrow('chunk 1 stands where 0 belongs');
    });

    test('a wrong key, and a passphrase where a key belongs, are refused with what to give', async () => {
      const file = await someBackup();
      await backUp(origin, join(dir(), 'p.backup'), { key: passphrase('correct horse battery') });

      await expect(readBackup(file, keyOf(randomBytes(32)))).rejects.toThrow('the key is not the one');
      await expect(readBackup(file, passphrase('correct horse battery'))).rejects.toThrow('give --key-file');
      const other = readBackup(join(dir(), 'p.backup'), passphrase('another horse battery'));
      await expect(other).rejects.toThrow('the passphrase is not the one');
      await expect(readBackup(join(dir(), 'p.backup'), key)).rejects.toThrow('give the passphrase');
      await readBackup(join(dir(), 'p.backup'), passphrase('correct horse battery'));
    });

    test('a backup of a newer Drover is refused with its version, before anything is made', async () => {
      await writeFile(join(dir(), 'newer.backup'), await newerBackup());

      await expect(restore(join(dir(), 'newer.backup'), to)).rejects.toThrow(
        /rows are of schema 999, written by Drover 9\.9\.0, and this Drover knows up to/,
      );
      expect(await readdir(dir())).not.toContain('copy.restoring');
    });

    test('a backup in a newer format is refused with what reads it, whatever else is in it', async () => {
      const some = await readFile(await someBackup());
      const file = join(dir(), 'format.backup');
      await writeFile(file, inFormat(some, formatVersion + 1));

      await expect(restore(file, to)).rejects.toThrow(
        `its format is version ${formatVersion + 1}, written by Drover ${ownVersion}, and this Drover reads up to ${formatVersion}; use that version or a newer one`,
      );
      await expect(readBackup(file, keyOf(randomBytes(32)))).rejects.toThrow('its format is version');
      expect(await readdir(dir())).not.toContain('copy.restoring');
      expect(await readdir(dir())).not.toContain('copy');
      // Nothing but that was changed: in this format it is read.
      await writeFile(file, inFormat(some, formatVersion));
      await readBackup(file, key);
    });

    test('what a newer Drover has upgraded is not backed up by one that may not know all of it', async () => {
      await someBackup();
      await makeNewer(origin.place);

      await expect(backUp(origin, join(dir(), 'part.backup'))).rejects.toThrow(/newer version.*schema 999/);
      expect((await readdir(dir())).filter((name) => name.startsWith('part.'))).toEqual([]);
    });

    test('a backup that is given up leaves no file', async () => {
      await addBlob(origin.store, randomBytes(3_000_000));
      const stop = new AbortController();
      const going = backUp(origin, join(dir(), 'x.backup'), { signal: stop.signal });
      stop.abort();

      await expect(going).rejects.toThrow();
      expect((await readdir(dir())).filter((name) => name.startsWith('x.'))).toEqual([]);
    });

    test('what a killed process left in the staging folder is gone after the next start', async () => {
      await mkdir(join(dataDir(), 'staging'));
      await writeFile(join(dataDir(), 'staging/x.part'), 'half');

      const desk = await openBackupDesk({
        ...origin.place,
        keyring: origin.keyring,
        clock: systemClock,
        threads: testThreads,
      });

      expect(await readdir(join(dataDir(), 'staging'))).toEqual([]);
      await desk.close();
    });

    test('while a backup is made nothing that it reads is removed, and afterwards it may be', async () => {
      const hold = createHold();
      const desk = await openBackupDesk({
        ...origin.place,
        keyring: origin.keyring,
        clock: systemClock,
        threads: testThreads,
        hold,
      });
      const isHeld = async (): Promise<boolean> => (await hold.unlessHeld(async () => true)) === undefined;
      let heldMeanwhile = false;
      const load: typeof key.load = async (salted) => {
        heldMeanwhile = await isHeld();
        return key.load(salted);
      };

      await desk.make({ ...key, load }, new AbortController().signal);

      expect([heldMeanwhile, await isHeld()]).toEqual([true, false]);
      await desk.close();
    });
  });

describe('a data directory', () => {
  beforeEach(async () => {
    origin = await ground.open(await ground.place('SQLite', 'data'));
    to = await ground.place('SQLite', 'copy');
  });

  test('nothing is overwritten: a directory in use, one with data and one with anything are refused', async () => {
    const file = await someBackup();
    await expect(restore(file, origin.place)).rejects.toThrow(
      `a controller (process ${process.pid}) is using it`,
    );
    await ground.close(origin);
    await expect(restore(file, origin.place)).rejects.toThrow(
      'nothing is overwritten; choose another --data-dir',
    );
    const busy = join(dir(), 'busy');
    await mkdir(busy);
    await writeFile(join(busy, 'x'), 'kept');
    await expect(restore(file, { dataDir: busy, url: undefined })).rejects.toThrow(
      'it is not empty; choose another --data-dir',
    );
    expect(await readdir(busy)).toEqual(['x']);
  });

  test('the reason is told, and the other with it, when what was begun cannot be taken away', async () => {
    const file = await someBackup();
    const parent = join(dir(), 'place');
    await mkdir(parent);
    // The disk goes as the key is asked for.
    const load = async () => {
      await rename(parent, join(dir(), 'away'));
      await writeFile(parent, '');
      return createSecretKey(randomBytes(32));
    };

    const restored = restore(file, { dataDir: join(parent, 'copy'), url: undefined }, { ...key, load });

    await expect(restored).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringMatching(
        /^cannot use the backup: the key.*; what was begun of \S+copy cannot be taken away \(ENOTDIR.*\), the next try does that$/,
      ),
    });
  });

  test('an empty directory is taken, and what a killed restore left beside it is not in the way', async () => {
    const file = await someBackup();
    await mkdir(join(dir(), 'copy.restoring/blobs'), { recursive: true });
    await writeFile(join(dir(), 'copy.restoring/drover.db'), 'half');
    await mkdir(to.dataDir);

    await restore(file, to);

    expect(await readdir(dir())).not.toContain('copy.restoring');
    expect((await stat(to.dataDir)).mode & 0o777).toBe(0o700);
  });
});
