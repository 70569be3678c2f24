// Owns the one line at the bottom of a terminal that is rewritten while work goes on.
// I1: other output goes through `above`, so that the line is never torn; without a terminal there is no line.
// I2: at most ten redraws a second, whatever comes in; the timer ends with close().
import { cellWidth } from './table.ts';
import { printable, type Sink } from './terminal.ts';

export interface ProgressLine {
  /** There is a terminal that shows it. */
  readonly isShown: boolean;
  /** The text is asked for when it is drawn. */
  readonly update: () => void;
  /** Runs `print` with the line out of the way. */
  readonly above: (print: () => void) => void;
  readonly close: () => void;
}

const cut = (text: string, columns: number): string => {
  let line = '';
  let width = 0;
  for (const character of text) {
    width += cellWidth(character);
    if (width >= columns) break;
    line += character;
  }
  return line;
};

export const createProgressLine = (sink: Sink, text: () => string, enabled = true): ProgressLine => {
  if (!sink.isTerminal || !enabled)
    return { isShown: false, update: () => undefined, above: (print) => print(), close: () => undefined };
  let shown = false;
  let dirty = true;
  const erase = () => {
    if (shown) sink.write('\r\x1b[K');
    shown = false;
  };
  const draw = () => {
    const line = cut(printable(text()), sink.columns());
    sink.write(`\r${sink.paint('dim', line)}\x1b[K`);
    shown = true;
    dirty = false;
  };
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (dirty || ticks % 10 === 0) draw();
  }, 100);
  timer.unref();
  return {
    isShown: true,
    update: () => {
      dirty = true;
    },
    above: (print) => {
      erase();
      print();
      dirty = true;
    },
    close: () => {
      clearInterval(timer);
      erase();
    },
  };
};
