// Owns what the controller sees in a CommandRun or FileTransfer: the fields that both share, as one type.
import {
  type CommandRun,
  commandRunKind,
  type FileTransfer,
  fileTransferKind,
  type Kind,
  type KubeObject,
  type WorkStatus,
} from '@drover/api';

export const workKinds: readonly Kind[] = [commandRunKind, fileTransferKind];
export const resultsFinalizer = 'drover.dev/results';

export type Work = (CommandRun | FileTransfer) & { readonly status?: WorkStatus };

/** Objects of workKinds have been validated against their schema when they were stored. */
export const toWork = (object: KubeObject): Work => object as unknown as Work;

export const isFinalPhase = (status: WorkStatus | undefined): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed' || status?.phase === 'Cancelled';
