// Owns saving an edited file on a node.
// I1: what somebody else wrote meanwhile is never overwritten unknowingly: the sha256 is compared right before each push.
// I2: mode and owner stay as they are.
import type { Change } from '@drover/client/outcome';
import { bring } from '../transfers/bring.ts';
import { hashOn } from './change-files.ts';
import type { Entry } from './listing.ts';
import { push } from './one-file.ts';
import { nameOf } from './remote-path.ts';

export interface Edited {
  readonly node: string;
  /** Where it really is: a push replaces links. */
  readonly path: string;
  readonly self: Entry;
  readonly text: string;
  /** sha256 of what the edit began with. */
  readonly base: string;
}

/** changed: it is another file now, whose hash is `now` ('': it is gone). */
export type Review =
  | { readonly kind: 'changed'; readonly now: string }
  | { readonly kind: 'diff'; readonly manifest: string; readonly changes: readonly Change[] };

const wishOf = ({ path, self }: Edited) => ({ path, mode: self.mode, owner: `${self.uid}:${self.gid}` });

const nobody = new AbortController().signal;

/** What saving would do. */
export const reviewFile = async (edited: Edited): Promise<Review> => {
  const now = await hashOn(edited.node, edited.path);
  if (now !== edited.base) return { kind: 'changed', now };
  const file = new File([edited.text], nameOf(edited.path));
  const item = { name: file.name, isFolder: false, files: [{ path: file.name, file }], sizeBytes: file.size };
  const manifest = await bring(item, () => undefined, nobody);
  const { changes } = await push(edited.node, { ...wishOf(edited), manifest, check: true });
  return { kind: 'diff', manifest, changes };
};

/** Saves what was reviewed. undefined: done. */
export const saveFile = async (
  edited: Edited,
  manifest: string,
): Promise<{ readonly now: string } | undefined> => {
  const now = await hashOn(edited.node, edited.path);
  if (now !== edited.base) return { now };
  await push(edited.node, { ...wishOf(edited), manifest });
  return undefined;
};
