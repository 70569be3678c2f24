// Owns reading what systemctl and journalctl print.
export interface Service {
  readonly unit: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly description: string;
}

/** --plain and --no-legend are for systemd before 246, which lists no units as JSON. */
export const listUnits = [
  'systemctl',
  'list-units',
  '--type=service',
  '--all',
  '--plain',
  '--no-legend',
  '--output=json',
  '--no-pager',
] as const;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const fromRow = (row: unknown): Service => {
  const { unit, load, active, sub, description } = row as Readonly<Record<string, unknown>>; // an object of JSON
  return {
    unit: text(unit),
    load: text(load),
    active: text(active),
    sub: text(sub),
    description: text(description),
  };
};

const fromLine = (line: string): Service => {
  const [unit = '', load = '', active = '', sub = '', ...description] = line.trim().split(/\s+/);
  return { unit, load, active, sub, description: description.join(' ') };
};

/** Throws when it is neither JSON nor lines. */
export const parseUnits = (output: string): readonly Service[] => {
  if (!output.trimStart().startsWith('['))
    return output
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(fromLine);
  const rows: unknown = JSON.parse(output);
  return Array.isArray(rows) ? rows.map(fromRow) : [];
};

export const journalOf = (unit: string): readonly string[] => [
  'journalctl',
  '-u',
  unit,
  '-n',
  '200',
  '-o',
  'json',
  '--no-pager',
];

export interface JournalEntry {
  readonly cursor: string;
  readonly timeMs: number;
  /** 0 (emergency) to 7 (debug); undefined: not said. */
  readonly priority: number | undefined;
  readonly message: string;
}

/** RFC 5424 section 6.2.1, in the words of syslog(3). */
export const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

/** What is not valid UTF-8 comes as a list of bytes (systemd.journal-fields(7), journal export as JSON). */
const messageOf = (value: unknown): string =>
  Array.isArray(value) ? new TextDecoder().decode(Uint8Array.from(value as number[])) : text(value);

/** Newest first. A line that is no entry is left out. */
export const parseJournal = (output: string): readonly JournalEntry[] =>
  output
    .split('\n')
    .flatMap((line, index): readonly JournalEntry[] => {
      if (!line.startsWith('{')) return [];
      const entry = JSON.parse(line) as Readonly<Record<string, unknown>>; // an object: see above
      const priority = text(entry['PRIORITY']);
      return [
        {
          cursor: text(entry['__CURSOR']) || String(index),
          timeMs: Number(entry['__REALTIME_TIMESTAMP'] ?? 0) / 1000,
          priority: priority === '' ? undefined : Number(priority),
          message: messageOf(entry['MESSAGE']),
        },
      ];
    })
    .reverse();
