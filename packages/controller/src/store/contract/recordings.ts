import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import type { RecordingStore } from '../recordings/recordings.ts';
import type { Opener } from './harness.ts';

const record = async (recordings: RecordingStore, lines: readonly string[]): Promise<string> => {
  const id = newId();
  const tape = await recordings.begin(id, 'head\n');
  for (const line of lines) await tape.append(line);
  await tape.close();
  return id;
};
const read = async (recordings: RecordingStore, id: string): Promise<string> =>
  text((await recordings.read(id)).data);

export const recordingContract = (stores: Opener): void => {
  describe('recordings', () => {
    test('are read whole, and told with their beginning and end, the newest first', async () => {
      const { recordings } = await stores.fresh();
      const first = await record(recordings, ['one\n', 'two\n']);
      const long = 'x'.repeat(1_300_000);
      const second = await record(recordings, [long, 'end\n']);

      const [newest, oldest] = await recordings.newest(10);
      expect([newest?.id, oldest?.id]).toEqual([second, first]);
      expect(oldest).toMatchObject({ sizeBytes: 13, goesOn: false });
      expect(oldest?.head.startsWith('head\n')).toBe(true);
      expect(newest?.tail.endsWith('end\n')).toBe(true);
      expect((await recordings.newest(1)).length).toBe(1);
      expect(await read(recordings, second)).toBe(`head\n${long}end\n`);
      expect(await read(recordings, first)).toBe('head\none\ntwo\n');
    });

    test('that go on are read up to now, and what was seen is in order however fast it came', async () => {
      const { recordings } = await stores.fresh();
      const id = newId();
      const tape = await recordings.begin(id, 'head\n');
      await Promise.all(Array.from({ length: 500 }, (_, i) => tape.append(`${i} `)));

      const numbers = Array.from({ length: 500 }, (_, i) => `${i} `).join('');
      expect(await read(recordings, id)).toBe(`head\n${numbers}`);
      expect(await recordings.all()).toMatchObject([{ id, goesOn: true }]);
      expect(await recordings.remove(id)).toBe(false);
      await tape.close();
      expect(await recordings.all()).toMatchObject([{ id, goesOn: false }]);
      expect(await read(recordings, id)).toBe(`head\n${numbers}`);
    });

    test('are there after a restart until they are removed', async () => {
      const first = (await stores.fresh()).recordings;
      const id = await record(first, ['kept\n']);

      const { recordings } = await stores.again();
      expect(await read(recordings, id)).toBe('head\nkept\n');
      expect(await recordings.remove(id)).toBe(true);
      expect(await recordings.remove(id)).toBe(false);

      expect(await recordings.all()).toEqual([]);
      await expect(recordings.read(id)).rejects.toMatchObject({ reason: 'NotFound' });
    });
  });
};
