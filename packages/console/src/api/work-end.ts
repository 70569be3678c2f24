// Owns waiting for a short piece of work on one node to end.
import type { CommandRun, FileTransfer } from '@drover/api';
import type { Task } from '@drover/client';
import { commandRuns, fileTransfers, type KindReference } from '@drover/client/kinds';
import i18next from 'i18next';
import { client } from './client.ts';

/** Its task when it has ended. Throws when it waits for a person: nobody can wait for that on a page. */
export const endOf = async (
  work: CommandRun | FileTransfer,
  signal: AbortSignal | undefined,
  onTask: (task: Task) => void = () => undefined,
): Promise<Task | undefined> => {
  const { name = '', namespace } = work.metadata;
  const kind: KindReference<CommandRun | FileTransfer> =
    work.kind === 'CommandRun' ? commandRuns : fileTransfers;
  let task: Task | undefined;
  for await (const event of client.watchResults({ kind, name, namespace }, { signal })) {
    if (event.type === 'TASK') {
      task = event.task;
      onTask(task);
    }
    const status = event.type === 'STATUS' ? event.object.status : undefined;
    if (status?.approval !== undefined && (status.phase === 'Pending' || status.phase === 'Paused'))
      throw new Error(i18next.t('ui.waitsForApproval', { name, message: status.message ?? '' }));
  }
  return task;
};
