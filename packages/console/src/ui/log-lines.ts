// Owns turning the output of nodes, as it arrives in pieces, into lines.
// I1: what is not a whole line yet is shown all the same, and grows where it stands.
// I2: pieces may end within a character: each stream of each node is decoded for itself.
// I3: at most `maxLines` are held; the oldest go first, and are counted.
import { type Style, toSpans } from './ansi.ts';

const maxLines = 200_000;
/** So many more may gather before the oldest go, as that costs a copy. */
const slackLines = 20_000;
/** What is longer is broken, so that one line without an end does not stop the page. */
const maxLineChars = 8_192;

export interface LogLine {
  readonly node: string;
  readonly stream: 'stdout' | 'stderr';
  readonly timeMs: number;
  readonly text: string;
  /** How the line before has left the terminal. */
  readonly from: Style;
}

export interface Piece {
  readonly node: string;
  readonly stream: 'stdout' | 'stderr';
  readonly timeMs: number;
  readonly data: Uint8Array;
}

export interface LogView {
  readonly lines: readonly LogLine[];
  /** How many of the oldest are not held any more (I3). */
  readonly dropped: number;
}

type Growing = { -readonly [K in keyof LogLine]: LogLine[K] };

interface Open {
  readonly decoder: TextDecoder;
  line: Growing | undefined;
  style: Style;
}

const plain: Style = {};

export class LogLines {
  readonly #open = new Map<string, Open>();
  #lines: Growing[] = [];
  #dropped = 0;

  add(piece: Piece): void {
    const { node, stream, timeMs } = piece;
    const key = `${stream} ${node}`;
    const open = this.#open.get(key) ?? { decoder: new TextDecoder(), line: undefined, style: plain };
    this.#open.set(key, open);
    const parts = open.decoder.decode(piece.data, { stream: true }).split('\n');
    for (const [index, part] of parts.entries()) {
      for (let at = 0; at === 0 || at < part.length; at += maxLineChars) {
        const text = part.slice(at, at + maxLineChars);
        if (open.line !== undefined && open.line.text.length + text.length > maxLineChars) this.#close(open);
        if (open.line !== undefined) open.line.text += text;
        else if (text !== '' || index < parts.length - 1) {
          open.line = { node, stream, timeMs, text, from: open.style };
          this.#lines.push(open.line);
        }
      }
      if (index < parts.length - 1) this.#close(open);
    }
    if (this.#lines.length > maxLines + slackLines) {
      this.#dropped += this.#lines.length - maxLines;
      this.#lines = this.#lines.slice(-maxLines);
    }
  }

  #close(open: Open): void {
    const { line } = open;
    if (line !== undefined && (line.text.includes('\x1b') || line.from !== plain))
      open.style = toSpans(line.text, line.from).to;
    open.line = undefined;
  }

  /** The same lines each time; a new view for each look at them. */
  view(): LogView {
    return { lines: this.#lines, dropped: this.#dropped };
  }
}
