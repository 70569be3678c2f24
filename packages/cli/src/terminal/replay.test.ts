import { expect, test } from 'vitest';
import { replay } from './replay.ts';

const cast = [
  { version: 2, width: 80, height: 24 },
  [0.5, 'o', '$ '],
  [2.5, 'r', '100x30'],
  [4.5, 'o', 'é'],
  [64.5, 'o', 'done'],
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

/** In pieces, so that lines and characters are cut. */
async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

const play = async (text: string, options: { readonly speed: number; readonly maxPauseSeconds: number }) => {
  const played: (string | number)[] = [];
  await replay(pieces(text), {
    ...options,
    write: (shown) => void played.push(shown),
    wait: async (ms) => void played.push(ms),
  });
  return played;
};

test('a recording is played in its own time, what was only resized takes none of its own', async () => {
  const played = await play(cast, { speed: 1, maxPauseSeconds: 100 });
  expect(played).toEqual([500, '$ ', 4_000, 'é', 60_000, 'done']);
});

test('faster, and with long pauses cut short', async () => {
  const played = await play(cast, { speed: 2, maxPauseSeconds: 3 });
  expect(played).toEqual([250, '$ ', 2_000, 'é', 3_000, 'done']);
});

test('one that was cut in the middle of a line is played as far as it goes', async () => {
  expect(await play(cast.slice(0, -6), { speed: 1, maxPauseSeconds: 0 })).toEqual(['$ ', 'é']);
});

test('what is no recording is refused', async () => {
  await expect(play('hello\n', { speed: 1, maxPauseSeconds: 0 })).rejects.toThrow('no asciicast recording');
});
