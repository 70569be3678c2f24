// Owns what a node says is at a path.
import { decodeName, encodeName } from '@drover/client/names';

export type EntryType = 'directory' | 'file' | 'symlink' | 'other';

export interface Entry {
  /** As a manifest has it. */
  readonly name: string;
  readonly type: EntryType;
  /** Octal. */
  readonly mode: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
  /** Of a symbolic link. */
  readonly target?: string;
  /** What a symbolic link leads to; absent: nowhere. */
  readonly leadsTo?: EntryType;
}

export type Listing =
  | {
      readonly kind: 'found';
      /** Where it really is: links on the way are followed. */
      readonly path: string;
      readonly self: Entry;
      readonly entries: readonly Entry[];
      /** How many entries there are; more than `entries` in a directory beyond all measure. */
      readonly total: number;
    }
  | { readonly kind: 'gone' | 'denied' | 'problem'; readonly message: string };

/** errno of Linux. */
const kindOf: Readonly<Record<number, 'gone' | 'denied'>> = {
  1: 'denied',
  2: 'gone',
  13: 'denied',
  20: 'gone',
};

/** The program writes more as %XX than it must. */
const canonical = (name: string): string => encodeName(decodeName(name));

const parseEntry = (line: string): Entry & { readonly total?: number } => {
  // What listingProgram prints.
  const entry = JSON.parse(line) as Entry;
  const { name, target } = entry;
  return {
    ...entry,
    name: canonical(name),
    ...(target === undefined ? {} : { target: canonical(target) }),
  };
};

/** What listingProgram said. Throws when it was cut short. */
export const parseListing = (said: string): Listing => {
  const [first = '', ...lines] = said.split('\n').filter((line) => line !== '');
  const head = JSON.parse(first) as {
    readonly problem?: number;
    readonly message?: string;
    readonly total?: number;
  };
  if (head.problem !== undefined)
    return { kind: kindOf[head.problem] ?? 'problem', message: head.message ?? String(head.problem) };
  const self = parseEntry(first);
  return {
    kind: 'found',
    path: self.name,
    self,
    entries: lines.map(parseEntry),
    total: head.total ?? lines.length,
  };
};

/** A directory, or a link to one. */
export const isDirectory = ({ type, leadsTo }: Entry): boolean => (leadsTo ?? type) === 'directory';
export const isFile = ({ type, leadsTo }: Entry): boolean => (leadsTo ?? type) === 'file';

/** One for all: making it is what takes time. */
const byName = new Intl.Collator(undefined, { numeric: true });

/** Directories first, then by name. */
export const inOrder = (entries: readonly Entry[]): readonly Entry[] =>
  [...entries].sort(
    (a, b) => Number(isDirectory(b)) - Number(isDirectory(a)) || byName.compare(a.name, b.name),
  );
