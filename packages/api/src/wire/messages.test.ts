import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { services, structs } from './agent.gen.ts';
import { Codecs } from './codec.ts';
import { WireError, wireLimits } from './limits.ts';
import {
  type MessageHead,
  messageTypes,
  ProblemError,
  parseArgs,
  parseHead,
  parseResult,
  type ServiceName,
  toCall,
  toFailure,
  toRefusal,
  toReply,
} from './messages.ts';
import { Reader } from './reader.ts';
import { arbitraryFields } from './wire.arbitrary.ts';
import { Writer } from './writer.ts';

const calls = (['Agent', 'Controller'] as const).flatMap((service) =>
  Object.entries(services[service]).map(([name, method]) => ({ service, name, method })),
);
const body = (frame: Uint8Array): Uint8Array => frame.subarray(4);
const parse = (service: ServiceName, frame: Uint8Array): { head: MessageHead; args: unknown } => {
  const head = parseHead(body(frame));
  return { head, args: parseArgs(service, head) };
};
/** Runs the decoder as a session would; returns what it throws. */
const decodeAll = (frame: Uint8Array): unknown => {
  try {
    const head = parseHead(frame);
    if (head.type === messageTypes.call) parseArgs('Controller', head);
    else parseResult('Agent', 'start', head);
    return undefined;
  } catch (error) {
    return error;
  }
};
const isClean = (error: unknown): boolean =>
  error === undefined || error instanceof WireError || error instanceof ProblemError;

describe('messages', () => {
  it.each(calls)('arguments of $service.$name come through unchanged', ({ service, name, method }) => {
    fc.assert(
      fc.property(arbitraryFields(method.args), fc.nat(), (args, seqid) => {
        const { head, args: got } = parse(service, toCall(service, name, seqid, args));
        expect(got).toEqual(args);
        expect(head).toMatchObject({
          name,
          seqid,
          type: method.oneway ? messageTypes.oneway : messageTypes.call,
        });
        expect(head.reader.left).toBe(0);
      }),
    );
  });

  it('results, refusals and failures come through as what they are', () => {
    const welcome = { serverTimeMs: 5, heartbeatSeconds: 10, forget: ['a', 'ü'], renewAtPercent: 70 };
    const read = (frame: Uint8Array, method: string) =>
      parseResult('Controller', method, parseHead(body(frame)));
    expect(read(toReply('Controller', 'hello', 1, welcome), 'hello')).toEqual(welcome);
    expect(read(toReply('Controller', 'report', 1, undefined), 'report')).toBeUndefined();
    const refusal = toRefusal('Controller', 'hello', 1, { code: 'refused', text: 'cannot' });
    expect(() => read(refusal, 'hello')).toThrow(new ProblemError('refused', 'cannot'));
    expect(() => read(toFailure('hello', 1, 1, 'no such'), 'hello')).toThrow(
      new ProblemError('unknown', 'no such'),
    );
    expect(() => read(toReply('Controller', 'hello', 1, undefined), 'hello')).toThrow(WireError);
  });

  it('random bytes end in a WireError or a value, never in anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isClean(decodeAll(bytes))),
      { numRuns: 10_000 },
    );
  });

  it('a damaged message ends in a WireError or a value', () => {
    const method = services.Controller['report']?.args ?? [];
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arbitraryFields(method), damage, fc.nat(), (args, spots, cut) => {
        const frame = body(toCall('Controller', 'report', 1, args));
        for (const [at, byte] of spots) frame[at % frame.length] = byte;
        return isClean(decodeAll(frame)) && isClean(decodeAll(frame.subarray(0, cut % frame.length)));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('bounds of decoding', () => {
  const codecs = new Codecs({
    ...structs,
    Tree: { exception: false, fields: [[1, 'next', ['struct', 'Tree'], null]] },
    Small: { exception: false, fields: [[2, 'seen', 'i32', 7]] },
    Many: { exception: false, fields: [[1, 'items', ['list', ['struct', 'Small']], []]] },
  });
  const read = (struct: string, ...bytes: number[]) =>
    codecs.struct(struct).read(new Reader(Uint8Array.from(bytes)));
  const code = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error instanceof WireError ? error.code : error;
    }
  };

  it('a list that promises more than the message holds is refused before anything is made', () => {
    expect(code(() => read('Many', 15, 0, 1, 12, 0x7f, 0xff, 0xff, 0xff))).toBe('bad-length');
    expect(code(() => read('Many', 15, 0, 1, 12, 0xff, 0xff, 0xff, 0xff))).toBe('bad-length');
  });

  it('a message of very many empty structs is refused', () => {
    const count = wireLimits.elements + 1;
    const bytes = new Uint8Array(8 + count + 1);
    bytes.set([15, 0, 1, 12]);
    new DataView(bytes.buffer).setInt32(4, count);
    expect(code(() => codecs.struct('Many').read(new Reader(bytes)))).toBe('too-many');
  });

  it('deep nesting is refused, known or unknown', () => {
    const deep = (field: number) => Array.from({ length: 90 }, (_, i) => [12, 0, field][i % 3] ?? 0);
    expect(code(() => read('Tree', ...deep(1)))).toBe('too-deep');
    expect(code(() => read('Tree', ...deep(9)))).toBe('too-deep');
  });

  it('fields that are unknown or of another type are skipped, absent ones read as their defaults', () => {
    const unknown = [11, 0, 9, 0, 0, 0, 1, 65, 13, 0, 8, 11, 15, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 1, 1];
    expect(read('Small', ...unknown, 2, 0, 2, 1, 0)).toEqual({ seen: 7 });
    expect(read('Small', ...unknown, 8, 0, 2, 0, 0, 0, 5, 0)).toEqual({ seen: 5 });
  });

  it('an integer that a number cannot hold is refused', () => {
    expect(code(() => read('TaskStarted', 10, 0, 2, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0))).toBe(
      'out-of-range',
    );
  });

  it('a map key named __proto__ is a plain key', () => {
    const env = JSON.parse('{"__proto__":"x"}');
    const writer = new Writer();
    writer.begin();
    const spec = {
      argv: [],
      script: new Uint8Array(),
      user: '',
      cwd: '',
      env,
      input: new Uint8Array(),
      maxOutputBytes: 1,
    };
    codecs.struct('CommandSpec').write(writer, spec);
    const value = codecs.struct('CommandSpec').read(new Reader(writer.end().subarray(4)));
    expect(Object.entries(value['env'] as object)).toEqual([['__proto__', 'x']]);
  });
});

describe('bounds of encoding', () => {
  it('what the peer would refuse is not sent', () => {
    const data = new Uint8Array(wireLimits.frameBytes + 1);
    expect(() => toCall('Agent', 'shellInput', 1, { streamId: 's', data })).toThrow(/over 16777216 bytes/);
    expect(() => toCall('Agent', 'resizeShell', 1, { streamId: 's', columns: 2 ** 31, rows: 1 })).toThrow(
      /as i32/,
    );
    expect(() => toCall('Agent', 'openShell', 1, {})).toThrow(/shell is absent/);
  });

  it('a large text is written although its worst case would not fit', () => {
    const json = 'é'.repeat(7_000_000);
    const head = parseHead(body(toCall('Controller', 'facts', 1, { json })));
    expect(parseArgs('Controller', head)).toEqual({ json });
  });
});
