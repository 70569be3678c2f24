// Owns reading contents of the controller whole, as Blobs that the browser keeps.
import { ApiError } from '@drover/api/errors';
import { type ManifestEntry, type ManifestHead, parseManifest } from '@drover/client/manifest';
import { client } from './client.ts';

export interface Manifest {
  readonly head: ManifestHead;
  readonly entries: readonly ManifestEntry[];
}

/** Beyond this a page would not hold what it parses. */
const maxManifestBytes = 256 * 1024 * 1024;

export const loadManifest = async (sha256: string, signal?: AbortSignal): Promise<Manifest> => {
  const index = { path: `/content/${sha256}/index`, signal };
  const { sizeBytes } = await client.transport.json<{ readonly sizeBytes: number }>(index);
  if (sizeBytes > maxManifestBytes)
    throw new ApiError(
      'Invalid',
      `cannot show the manifest: it has ${sizeBytes} bytes, more than a page can hold; use drover pull`,
    );
  const blob = await client.blobs.download(sha256, { offset: 0, length: sizeBytes }, { signal });
  return parseManifest(new Uint8Array(await blob.arrayBuffer()));
};

/** All data of a manifest. */
export const loadContent = ({ head }: Manifest, signal?: AbortSignal): Promise<Blob> =>
  head.content === ''
    ? Promise.resolve(new Blob([]))
    : client.blobs.download(head.content, { offset: 0, length: head.sizeBytes }, { signal });

/** Where in the content the data of a file is. */
export const rangeOf = (entry: ManifestEntry): { readonly offset: number; readonly length: number } => ({
  offset: entry.offset ?? 0,
  length: entry.extents === undefined ? (entry.size ?? 0) : (entry.dataSize ?? 0),
});
