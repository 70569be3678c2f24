// Owns playing an asciicast v2 recording back in its own time.
import { usageFailure } from '../failure.ts';

export interface Replay {
  readonly write: (text: string) => void;
  readonly wait: (ms: number) => Promise<unknown>;
  /** 2: twice as fast. */
  readonly speed: number;
  /** No pause is longer than this. */
  readonly maxPauseSeconds: number;
}

/** Lines of text out of chunks of bytes. */
async function* toLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}

const parseEvent = (line: string): readonly [number, string, string] | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    if (!Array.isArray(value)) return undefined;
    const [time, kind, text] = value as unknown[];
    return typeof time === 'number' && typeof kind === 'string' && typeof text === 'string'
      ? [time, kind, text]
      : undefined;
  } catch {
    return undefined;
  }
};

/** Resolves when all was played. A recording that is still being made ends where it is. */
export const replay = async (
  chunks: AsyncIterable<Uint8Array>,
  { write, wait, speed, maxPauseSeconds }: Replay,
) => {
  let beforeSeconds = 0;
  let isHead = true;
  for await (const line of toLines(chunks)) {
    if (isHead) {
      isHead = false;
      if (!line.includes('"version"')) throw usageFailure('cannot replay: it is no asciicast recording');
      continue;
    }
    const event = parseEvent(line);
    if (event === undefined || event[1] !== 'o') continue;
    const pauseSeconds = Math.min((event[0] - beforeSeconds) / speed, maxPauseSeconds);
    beforeSeconds = event[0];
    if (pauseSeconds > 0.001) await wait(pauseSeconds * 1000);
    write(event[2]);
  }
};
