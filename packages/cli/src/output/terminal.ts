// Owns where text goes: results to stdout, words about them to stderr, colours only where a person looks.
// I1: colours only on a terminal, and never with NO_COLOR or TERM=dumb.
// I2: text from nodes or objects cannot steer a terminal: control characters are shown, not sent (printable).
import type { WriteStream } from 'node:tty';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Colour, string>> = {
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  cyan: '36',
  dim: '2',
  bold: '1',
};

export interface Sink {
  readonly isTerminal: boolean;
  /** Width in characters; 0 when it is no terminal. */
  readonly columns: () => number;
  readonly write: (data: string | Uint8Array) => void;
  readonly paint: (colour: Colour, text: string) => string;
}

export const toSink = (
  stream: NodeJS.WriteStream | WriteStream,
  environment: Readonly<Record<string, string | undefined>>,
): Sink => {
  const isTerminal = stream.isTTY === true;
  const plain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb' || !isTerminal;
  return {
    isTerminal,
    columns: () => (isTerminal ? stream.columns || 80 : 0),
    write: (data) => void stream.write(data),
    paint: (colour, text) => (plain || text === '' ? text : `\x1b[${codes[colour]}m${text}\x1b[0m`),
  };
};

/** Text in which control characters are visible ("^[" for escape), save newline when `lines` is true. */
export const printable = (text: string, lines = false): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is its job
  text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code === 9 || (lines && code === 10)) return character;
    if (code < 32) return `^${String.fromCharCode(code + 64)}`;
    return code === 127 ? '^?' : `\\u${code.toString(16).padStart(4, '0')}`;
  });

/**
 * Output of a command made safe for a terminal: colours (SGR) and tabs stay, every other control sequence is shown.
 * Bytes that are not UTF-8 become the replacement character.
 */
export const printableOutput = (data: Uint8Array): string =>
  Buffer.from(data)
    .toString('utf8')
    .replaceAll('\r\n', '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with escape
    .split(/(\x1b\[[0-9;]*m)/)
    .map((part, index) => (index % 2 === 1 ? part : printable(part, true)))
    .join('');
