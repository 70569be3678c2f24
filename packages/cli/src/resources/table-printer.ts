// Owns printing server-made tables: which columns, colours of state words, and rows that follow in a watch.
import { toTable } from '../output/table.ts';
import type { Colour, Sink } from '../output/terminal.ts';
import type { Table, TableRow } from './tables.ts';

const words: readonly (readonly [RegExp, Colour])[] = [
  [/^(Ready|Active|Succeeded|Approved,Issued|True|ok)$/, 'green'],
  [/^(Running|Pending|Paused|Cancelling|Warning|Approved|Unknown)$/, 'yellow'],
  [/^(NotReady.*|Failed|Denied.*|Cancelled|Expired|Revoked|.*SchedulingDisabled)$/, 'red'],
];

/** Colours whole state words of an already aligned line; widths do not change. */
export const paintStates = (out: Sink, line: string): string =>
  line.replace(/\S+/g, (word) => {
    const colour = words.find(([pattern]) => pattern.test(word))?.[1];
    return colour === undefined ? word : out.paint(colour, word);
  });

export interface TableStyle {
  readonly wide: boolean;
  readonly namespaces: boolean;
  readonly labels: boolean;
  readonly headings: boolean;
}

export interface TablePrinter {
  /** Prints rows under headings the first time; later rows only, as wide as before. */
  readonly print: (table: Table, prefix?: string) => void;
}

const labelsOf = (row: TableRow): string => {
  const labels = Object.entries(row.object?.metadata?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return labels.length === 0 ? '<none>' : labels.join(',');
};

export const createTablePrinter = (out: Sink, style: TableStyle): TablePrinter => {
  let columns: Table['columnDefinitions'] = [];
  let widths: readonly number[] = [];
  let first = true;
  const print = (table: Table, prefix?: string) => {
    if (table.columnDefinitions?.length > 0) columns = table.columnDefinitions;
    const shown = columns.flatMap((column, index) => (column.priority === 0 || style.wide ? [index] : []));
    const headings = [
      ...(style.namespaces ? ['Namespace'] : []),
      ...shown.map((index) => columns[index]?.name ?? ''),
      ...(style.labels ? ['Labels'] : []),
    ];
    const rows = table.rows.map((row) => [
      ...(style.namespaces ? [row.object?.metadata?.namespace ?? ''] : []),
      ...shown.map((index) => row.cells[index] ?? ''),
      ...(style.labels ? [labelsOf(row)] : []),
    ]);
    const made = toTable(headings, rows, widths);
    widths = made.widths;
    if (first && style.headings) out.write(`${out.paint('bold', made.lines[0] ?? '')}\n`);
    first = false;
    for (const line of made.lines.slice(1)) out.write(`${prefix ?? ''}${paintStates(out, line)}\n`);
  };
  return { print };
};
