// Owns reading a recorded terminal: asciicast version 2 (docs.asciinema.org/manual/asciicast/v2), pure.
// I1: a recording that was cut is a good one up to its last whole line; what is behind is told, not thrown.

export interface CastEvent {
  /** Since the beginning. */
  readonly seconds: number;
  /** o: seen; r: the size changed, "COLUMNSxROWS". Others are skipped. */
  readonly code: 'o' | 'r';
  readonly text: string;
}

export interface Cast {
  readonly columns: number;
  readonly rows: number;
  readonly events: readonly CastEvent[];
  readonly seconds: number;
  /** Why there may have been more; '': it is whole. */
  readonly problem: string;
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

const isEvent = (value: unknown): value is readonly [number, string, string] =>
  Array.isArray(value) &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'string' &&
  typeof value[2] === 'string';

/** @throws Error when it is no recording at all. */
export const parseCast = (text: string): Cast => {
  const [head = '', ...lines] = text.split('\n');
  const header = parse(head) as { version?: unknown; width?: unknown; height?: unknown } | undefined;
  const { version, width, height } = header ?? {};
  if (version !== 2 || typeof width !== 'number' || typeof height !== 'number')
    throw new Error('cannot replay: this is no asciicast of version 2');
  const events: CastEvent[] = [];
  let problem = '';
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const event = parse(line);
    if (!isEvent(event)) {
      problem = `line ${index + 2} is not whole`;
      break;
    }
    const [seconds, code, shown] = event;
    if (code === 'o' || code === 'r') events.push({ seconds, code, text: shown });
  }
  return { columns: width, rows: height, events, seconds: events.at(-1)?.seconds ?? 0, problem };
};

/** The same with no pause longer than `maxSeconds`. */
export const withoutPauses = (cast: Cast, maxSeconds: number): Cast => {
  let cut = 0;
  let last = 0;
  const events = cast.events.map((event) => {
    cut += Math.max(0, event.seconds - last - maxSeconds);
    last = event.seconds;
    return { ...event, seconds: event.seconds - cut };
  });
  return { ...cast, events, seconds: events.at(-1)?.seconds ?? 0 };
};

/** [columns, rows] of a change of size; undefined: it is none. */
export const toSize = (text: string): readonly [number, number] | undefined => {
  const found = /^(\d{1,4})x(\d{1,4})$/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
};
