// Owns how the output of many nodes is shown while it arrives.
// I1: a line of one node is never mixed with another's: lines are held until they are whole (or the work ends).
// I2: with `raw`, bytes go out exactly as they came; on a terminal otherwise control characters are shown, not sent.

import type { LogChunk } from '@drover/client';
import { printableOutput, type Sink } from '../output/terminal.ts';

export interface LogPrinter {
  readonly print: (entry: LogChunk) => void;
  /** Prints what is held of lines that never ended. */
  readonly finish: () => void;
}

/** A line longer than this is printed in pieces, so that what is held stays small. */
const maxHeldBytes = 1 << 20;

export interface LogStyle {
  readonly raw: boolean;
  /** Put 'node: ' before each line. */
  readonly prefix: boolean;
}

const colours = ['cyan', 'green', 'yellow', 'blue'] as const;

export const createLogPrinter = (out: Sink, err: Sink, style: LogStyle): LogPrinter => {
  const held = new Map<string, Buffer>();
  const seen = new Map<string, number>();
  const colourOf = (node: string) => {
    const index = seen.get(node) ?? seen.size;
    seen.set(node, index);
    return colours[index % colours.length] ?? 'cyan';
  };

  const write = (node: string, stream: 'stdout' | 'stderr', lines: Buffer) => {
    const sink = stream === 'stdout' ? out : err;
    if (!style.prefix && !sink.isTerminal) {
      sink.write(lines);
      return;
    }
    const mark = style.prefix ? `${sink.paint(colourOf(node), `${node}:`)} ` : '';
    const parts: (string | Buffer)[] = [];
    for (let from = 0; from < lines.length; ) {
      const newline = lines.indexOf(10, from);
      const end = newline < 0 ? lines.length : newline + 1;
      const line = lines.subarray(from, end);
      parts.push(mark, sink.isTerminal ? printableOutput(line) : line);
      from = end;
    }
    sink.write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));
  };

  const print = (entry: LogChunk) => {
    const data = Buffer.from(entry.data);
    if (style.raw) {
      (entry.stream === 'stdout' ? out : err).write(data);
      return;
    }
    const key = `${entry.stream} ${entry.node}`;
    const before = held.get(key);
    const whole = before === undefined ? data : Buffer.concat([before, data]);
    const end = whole.lastIndexOf(10) + 1;
    const cut = whole.length - end > maxHeldBytes ? whole.length : end;
    if (cut > 0) write(entry.node, entry.stream, whole.subarray(0, cut));
    if (cut < whole.length) held.set(key, whole.subarray(cut));
    else held.delete(key);
  };

  const finish = () => {
    for (const [key, rest] of held) {
      const [stream, node = ''] = key.split(' ');
      write(node, stream === 'stderr' ? 'stderr' : 'stdout', Buffer.concat([rest, Buffer.from('\n')]));
    }
    held.clear();
  };
  return { print, finish };
};
