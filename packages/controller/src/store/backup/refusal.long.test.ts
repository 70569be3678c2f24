// A backup that is not what was written, or not for who has it, is refused by a restore into either store, whichever store it came from:
// with the reason, and nothing of the place is changed.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { restoreBackup } from './restore.ts';
import { backUp, fill, key, keyOf, kinds, newerBackup, type Place, useGround } from './test-ground.ts';

const ground = useGround();

/** What there is of a place that a restore has left. */
const leftIn = async ({ dataDir, url }: Place): Promise<readonly unknown[]> => {
  const left = [dataDir, `${dataDir}.restoring`, `${dataDir}.key`].filter((path) => existsSync(path));
  if (url === undefined) return left;
  const client = new Client(url);
  await client.connect();
  const tables = 'SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace';
  const { rows } = await client.query<{ relname: string }>(tables).finally(() => client.end());
  return [...left, ...rows];
};

/** Where the header, the first chunk and the last one begin (container.ts). */
const partsOf = (bytes: Buffer) => {
  const body = 12 + bytes.readUInt32BE(8) + 32;
  const chunk = 13 + 256 * 1024 + 16;
  return { body, last: body + Math.floor((bytes.length - body) / chunk) * chunk };
};

/** Places in the header, the chunks, and the last of them: as many of each. */
const placesIn = (bytes: Buffer): fc.Arbitrary<number> => {
  const { body, last } = partsOf(bytes);
  const between = (min: number, end: number) => fc.integer({ min, max: end - 1 });
  return fc.oneof(between(0, body), between(body, last), between(last, bytes.length));
};

const reasons =
  /not a backup of Drover|header is damaged|ends within its header|chunk \d+ was changed|chunk \d+ stands where|ends early/;

for (const from of kinds)
  for (const into of kinds)
    describe.skipIf(from.isSkipped || into.isSkipped)(`from ${from.kind} into ${into.kind}`, () => {
      const make = async () => {
        const origin = await ground.open(await ground.place(from.kind, 'data'));
        await fill(origin);
        const file = join(ground.dir(), 'x.backup');
        const { digest } = await backUp(origin, file);
        const to = await ground.place(into.kind, 'copy');
        const refused = async (bytes: Buffer, reason: RegExp, given = key): Promise<void> => {
          await writeFile(file, bytes);
          await expect(restoreBackup({ file, key: given, ...to })).rejects.toThrow(reason);
        };
        return { file, digest, to, refused, bytes: await readFile(file) };
      };

      // The outside of a backup does not depend on the stores; that nothing is changed does.
      const flips = from === into ? 105 : 20;

      test('a byte that was flipped anywhere is found, and a cut anywhere', {
        timeout: 240_000,
      }, async () => {
        const { file, digest, to, refused, bytes } = await make();
        const flip = fc.tuple(placesIn(bytes), fc.integer({ min: 1, max: 255 }));
        await fc.assert(
          fc.asyncProperty(flip, async ([place, change]) => {
            const changed = Buffer.from(bytes);
            changed[place] = (changed[place] ?? 0) ^ change;
            await refused(changed, reasons);
          }),
          { numRuns: flips },
        );
        const cut = fc.asyncProperty(placesIn(bytes), (size) => refused(bytes.subarray(0, size), reasons));
        await fc.assert(cut, { numRuns: 10 });
        expect(await leftIn(to)).toEqual([]);

        await writeFile(file, bytes);
        expect((await restoreBackup({ file, key, ...to })).digest).toEqual(digest);
      });

      test('a wrong key, a passphrase and a newer version are refused with what to do', async () => {
        const { to, refused, bytes } = await make();
        await refused(bytes, /the key is not the one/, keyOf(randomBytes(32)));
        await refused(bytes, /give --key-file/, { ...key, isPassphrase: true });
        await refused(await newerBackup(), /rows are of schema 999, .*use that version or a newer one/);

        expect(await leftIn(to)).toEqual([]);
      });
    });
