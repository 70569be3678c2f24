// Owns moving one file, or one folder, between the page and one node: transfers like any other, so that they are permitted,
// held to policies and audited. Their label says that a page asked.
import type { FileTransfer, Task } from '@drover/api';
import { defaultNamespace, fileTransfers } from '@drover/client/kinds';
import { toPullOutcome, toPushOutcome } from '@drover/client/outcome';
import i18next from 'i18next';
import { client } from '../../api/client.ts';
import { consoleLabel } from '../../api/console-label.ts';
import { loadContent, loadManifest } from '../../api/content.ts';
import { endOf } from '../../api/work-end.ts';
import { dataOf } from '../transfers/tar.ts';

export const filesLabel = 'files';

const toTransfer = (node: string, spec: Readonly<Record<string, unknown>>) => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'FileTransfer',
  metadata: { generateName: 'console-files-', labels: { [consoleLabel]: filesLabel } },
  spec: { ...spec, targets: { nodeSet: node }, offline: { policy: 'Skip' } },
});

const cancel = (transfer: FileTransfer): Promise<unknown> => {
  const { name = '', namespace } = transfer.metadata;
  return client.patch(
    fileTransfers,
    name,
    { type: 'merge', body: { spec: { cancel: true } } },
    { namespace },
  );
};

/** Its task when it has ended well; throws what the node said otherwise. Who gives up cancels it. */
const move = async (
  node: string,
  spec: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
  onTask?: (task: Task) => void,
): Promise<Task> => {
  const options = { namespace: defaultNamespace, signal };
  const transfer = await client.create(fileTransfers, toTransfer(node, spec), options);
  try {
    const task = await endOf(transfer, signal, onTask);
    if (task?.state === 'exited' && task.result?.exitCode === 0) return task;
    const why = task?.result?.reason || transfer.status?.message || (task?.state ?? '');
    throw new Error(i18next.t('transfers.onNode.notMoved', { path: spec['path'], node, why }));
  } catch (error) {
    // What stopped it is the news; a cancel that comes too late is none.
    if (signal?.aborted === true) await cancel(transfer).catch(() => undefined);
    throw error;
  }
};

export interface Pulled {
  readonly blob: Blob;
  /** '' for a directory. */
  readonly sha256: string;
}

/** One file, as it is now. */
export const pullFile = async (node: string, path: string, signal?: AbortSignal): Promise<Pulled> => {
  const task = await move(node, { direction: 'Pull', path }, signal);
  const manifest = await loadManifest(toPullOutcome(task).manifest, signal);
  const [entry] = manifest.entries;
  const content = await loadContent(manifest, signal);
  if (entry === undefined || entry.type !== 'file')
    throw new Error(i18next.t('transfers.onNode.notMoved', { path, node, why: entry?.type ?? '' }));
  // The hash of a sparse file is of what is stored; asked for again it would differ from that of the whole.
  return {
    blob: dataOf(entry, entry.size ?? 0, content),
    sha256: entry.extents === undefined ? (entry.sha256 ?? '') : '',
  };
};

/** What a pull of a directory brought, to be made into an archive. */
export const pullTree = async (node: string, path: string, signal?: AbortSignal) => {
  const task = await move(node, { direction: 'Pull', path }, signal);
  const manifest = await loadManifest(toPullOutcome(task).manifest, signal);
  return { entries: manifest.entries, content: await loadContent(manifest, signal) };
};

export interface PushWish {
  readonly manifest: string;
  readonly path: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly check?: boolean;
}

/** What was, or with `check` would be, changed. */
export const push = async (
  node: string,
  wish: PushWish,
  signal?: AbortSignal,
  onTask?: (task: Task) => void,
) => toPushOutcome(await move(node, { direction: 'Push', ...wish }, signal, onTask));
