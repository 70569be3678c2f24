// Owns the live table of servers that are joining: rewritten in place on a terminal, one line per step elsewhere.
import { toTable } from '../output/table.ts';
import { type Colour, printable, type Sink } from '../output/terminal.ts';

export interface StepsTable {
  readonly set: (label: string, step: string, colour?: Colour) => void;
}

export const createStepsTable = (sink: Sink, labels: readonly string[]): StepsTable => {
  const rows = new Map(
    labels.map((label) => [label, { step: 'waiting', colour: undefined as Colour | undefined }]),
  );
  let drawn = 0;
  const draw = () => {
    const { lines } = toTable(
      ['Server', 'State'],
      [...rows].map(([label, { step }]) => [label, step]),
    );
    const colours = [undefined, ...[...rows.values()].map((row) => row.colour)];
    const limit = Math.max(20, sink.columns() - 1);
    const shown = lines.map((line, at) => {
      const colour = colours[at];
      const cut = [...line].slice(0, limit).join('');
      return `\x1b[K${colour === undefined ? cut : sink.paint(colour, cut)}\n`;
    });
    sink.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}${shown.join('')}`);
    drawn = lines.length;
  };
  return {
    set: (label, step, colour) => {
      rows.set(label, { step, colour });
      if (sink.isTerminal) draw();
      else sink.write(`${label}: ${printable(step)}\n`);
    },
  };
};
