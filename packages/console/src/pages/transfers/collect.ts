// Owns putting what a pull brought into archives and files that the browser saves.
import { endOfTar } from '@drover/api/tar';
import type { Task } from '@drover/client';
import type { ManifestEntry } from '@drover/client/manifest';
import { toPullOutcome } from '@drover/client/outcome';
import { client } from '../../api/client.ts';
import { loadContent, loadManifest, type Manifest, rangeOf } from '../../api/content.ts';
import { nameOf, shown } from '../node-files/remote-path.ts';
import { dataOf, toTar } from './tar.ts';

/** Nodes fetched at a time. */
const width = 4;

/** What a node sent is below its name, as the command line puts it. */
const rootOf = (node: string, path: string): string => `${node}/${shown(nameOf(path)) || 'root'}`;

/** One file of what a node sent. */
export const fileOf = async (manifest: Manifest, entry: ManifestEntry): Promise<Blob> => {
  const { offset, length } = rangeOf(entry);
  const data = await client.blobs.download(manifest.head.content, { offset, length });
  return dataOf({ ...entry, offset: 0 }, entry.size ?? 0, data);
};

export const tarOfNode = async (
  { node }: Task,
  path: string,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<Blob> => toTar(rootOf(node, path), manifest.entries, await loadContent(manifest, signal));

/** All that the nodes sent, in one archive. `onBytes`: how much more has come. */
export const tarOfAll = async (
  tasks: readonly Task[],
  path: string,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<Blob> => {
  const left = [...tasks];
  const archives: Blob[] = [];
  const work = async (): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) {
      const { manifest: sha256, sizeBytes } = toPullOutcome(task);
      const archive = await tarOfNode(task, path, await loadManifest(sha256, signal), signal);
      archives.push(archive.slice(0, archive.size - endOfTar));
      onBytes(sizeBytes);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, tasks.length) }, work));
  return new Blob([...archives, new Uint8Array(endOfTar)], { type: 'application/x-tar' });
};
