// Owns what a page changes in a directory of a node besides contents: make, rename, delete.
import i18next from 'i18next';
import { mustRunOn } from '../../api/quick-run.ts';
import { commandOn, hash, hashIn, makeDirectory, remove, rename } from './file-commands.ts';
import { filesLabel } from './one-file.ts';
import { nameOf, parentOf, shown } from './remote-path.ts';
import { listPath, pythonOf } from './use-listing.ts';

const change = async (
  node: string,
  command: readonly string[],
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<string> => {
  const argv = commandOn(await pythonOf(node, signal), command, paths);
  return (await mustRunOn(node, argv, filesLabel, signal)).stdout;
};

export const makeDirectoryOn = (node: string, path: string): Promise<unknown> =>
  change(node, makeDirectory, [path]);

export const removeOn = (node: string, path: string): Promise<unknown> => change(node, remove, [path]);

/** mv -n says nothing when it does nothing: so we look. */
export const renameOn = async (node: string, from: string, to: string): Promise<void> => {
  await change(node, rename, [from, to]);
  const listing = await listPath(node, parentOf(from));
  const isThere = listing.kind === 'found' && listing.entries.some(({ name }) => name === nameOf(from));
  if (isThere) throw new Error(i18next.t('transfers.onNode.nameTaken', { name: shown(nameOf(to)) }));
};

/** '' when it cannot be told: the file is gone, say. */
export const hashOn = async (node: string, path: string): Promise<string> =>
  hashIn(await change(node, hash, [path]).catch(() => ''));
