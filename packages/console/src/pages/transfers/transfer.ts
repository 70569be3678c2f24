// Owns what a transfer moves, in plain values.
import type { FileTransfer } from '@drover/api';

export const makerOf = ({ spec }: FileTransfer): string => spec.requester?.username ?? '';
export const madeAt = ({ metadata }: FileTransfer): string => metadata.creationTimestamp ?? '';

/** The path of a change, which is below the path of the transfer. */
export const fullPath = (root: string, path: string): string =>
  path === '' ? root : `${root.replace(/\/$/, '')}/${path}`;
