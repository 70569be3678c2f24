import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ProblemError,
  parseArgs,
  parseHead,
  parseResult,
  type ServiceName,
  toCall,
  toFailure,
  toRefusal,
  toReply,
} from '../../packages/api/src/wire/messages.ts';

interface Golden {
  readonly name: string;
  readonly kind: 'call' | 'reply' | 'refusal' | 'failure';
  readonly service: ServiceName;
  readonly method: string;
  readonly seqid: number;
  // Values of many types, as the contract says for each method.
  readonly value?: Readonly<Record<string, unknown>>;
  readonly hex: string;
}

const revive = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && '$binary' in value
    ? new Uint8Array(Buffer.from(String(value.$binary), 'hex'))
    : value;
const golden: readonly Golden[] = JSON.parse(
  readFileSync(new URL('./golden.json', import.meta.url), 'utf8'),
  revive,
);

const write = ({ kind, service, method, seqid, value = {} }: Golden, result: unknown): Uint8Array => {
  switch (kind) {
    case 'call':
      return toCall(service, method, seqid, value);
    case 'reply':
      return toReply(service, method, seqid, result);
    case 'refusal':
      return toRefusal(service, method, seqid, { code: String(value['code']), text: String(value['text']) });
    case 'failure':
      return toFailure(method, seqid, Number(value['type']), String(value['message']));
  }
};

describe('golden messages', () => {
  it.each(golden)('$service $name is written as its frame', (message) => {
    expect(Buffer.from(write(message, message.value)).toString('hex')).toBe(message.hex);
  });

  it.each(golden)('$service $name is read as its value', ({ kind, service, method, seqid, value, hex }) => {
    const frame = new Uint8Array(Buffer.from(hex, 'hex'));
    expect(new DataView(frame.buffer).getUint32(0)).toBe(frame.length - 4);
    const head = parseHead(frame.subarray(4));
    expect(head).toMatchObject({ name: method, seqid });
    if (kind === 'call') expect(parseArgs(service, head)).toEqual(value);
    else if (kind === 'reply') expect(parseResult(service, method, head)).toEqual(value);
    else expect(() => parseResult(service, method, head)).toThrow(ProblemError);
  });

  it('are read and written the same by the agent in Python', () => {
    const script = join(import.meta.dirname, 'golden.py');
    const said = execFileSync('python3', [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(said).toContain(`${golden.length} messages`);
  });
});
