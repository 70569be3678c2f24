// How each node of a transfer stands: bytes as they go, and what came of it.
import type { FileTransfer } from '@drover/api';
import type { Task } from '@drover/client';
import { toPullOutcome, toPushOutcome } from '@drover/client/outcome';
import { Progress, ProgressMeasureLocation, ProgressSize } from '@patternfly/react-core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Column } from '../../ui/data-table.tsx';
import { toBytes } from '../../ui/quantity.ts';
import { useResults } from '../work/results.ts';
import { Duration, durationOf, type NodePanel, WorkNodes } from '../work/work-nodes.tsx';
import { ChangeList } from './change-list.tsx';
import { DownloadAll } from './download-all.tsx';
import { PulledFiles } from './pulled-files.tsx';

const changedOf = (task: Task): number =>
  toPushOutcome(task).changes.filter(({ action }) => action !== 'unchanged').length;

const bytesOf = (isPush: boolean, task: Task): number => {
  if (task.result === null) return task.doneBytes;
  return isPush ? toPushOutcome(task).bytesSent : toPullOutcome(task).sizeBytes;
};

/** How far a node is while it moves bytes, and how fast; then how many there were. */
const Bytes = ({
  isPush,
  task,
  speed,
}: {
  readonly isPush: boolean;
  readonly task: Task;
  readonly speed: number;
}) => {
  const { t, i18n } = useTranslation();
  const size = (bytes: number): string => toBytes(bytes, i18n.language);
  if (task.result !== null) return task.result.detail === null ? null : size(bytesOf(isPush, task));
  if (task.totalBytes === 0) return null;
  const label = t('ui.ofTotal', { done: size(task.doneBytes), total: size(task.totalBytes) });
  return (
    <Progress
      aria-label={`${task.node}: ${label}`}
      size={ProgressSize.sm}
      value={(100 * task.doneBytes) / task.totalBytes}
      label={speed > 0 ? `${label}, ${t('ui.perSecond', { size: size(speed) })}` : label}
      measureLocation={ProgressMeasureLocation.top}
    />
  );
};

const useColumns = (transfer: FileTransfer): readonly Column<Task>[] => {
  const { t, i18n } = useTranslation();
  const {
    value: { speeds },
  } = useResults(transfer);
  const { language } = i18n;
  const isPush = transfer.spec.direction === 'Push';
  // Kept, so that rows that have not changed are not made anew five times a second: a speed changes with its task only.
  return useMemo(() => {
    const bytes: Column<Task> = {
      key: 'bytes',
      title: t(isPush ? 'transfers.sent' : 'transfers.received'),
      sortBy: (task) => bytesOf(isPush, task),
      show: (task) => <Bytes isPush={isPush} task={task} speed={speeds.get(task.node) ?? 0} />,
      width: '16rem',
    };
    const changed: Column<Task> = {
      key: 'changed',
      title: t('transfers.changes'),
      sortBy: changedOf,
      show: (task) => (task.result === null ? '' : changedOf(task)),
    };
    const skipped: Column<Task> = {
      key: 'skipped',
      title: t('transfers.skipped'),
      sortBy: (task) => toPushOutcome(task).bytesSkipped,
      show: (task) => (task.result === null ? '' : toBytes(toPushOutcome(task).bytesSkipped, language)),
    };
    const files: Column<Task> = {
      key: 'files',
      title: t('transfers.files'),
      sortBy: (task) => toPullOutcome(task).files,
      show: (task) => (task.result === null ? '' : toPullOutcome(task).files),
    };
    const duration: Column<Task> = {
      key: 'duration',
      title: t('runs.duration'),
      sortBy: durationOf,
      show: (task) => <Duration task={task} />,
    };
    return [bytes, ...(isPush ? [changed, skipped] : [files]), duration];
  }, [t, language, isPush, speeds]);
};

const PushPanel = ({ transfer, task }: { readonly transfer: FileTransfer; readonly task: Task }) => {
  const { t } = useTranslation();
  if (task.result === null || task.result.detail === null) return <p>{t('transfers.noAnswerYet')}</p>;
  const { changes, refused } = toPushOutcome(task);
  return (
    <ChangeList
      changes={changes.filter(({ action }) => action !== 'unchanged')}
      refused={refused}
      root={transfer.spec.path}
      isCheck={transfer.spec.check}
    />
  );
};

export const TransferNodes = ({ transfer }: { readonly transfer: FileTransfer }) => {
  const { t } = useTranslation();
  const columns = useColumns(transfer);
  const isPush = transfer.spec.direction === 'Push';
  const panelOf = (task: Task): NodePanel => ({
    title: t(isPush ? 'transfers.changesOn' : 'transfers.filesOf', { node: task.node }),
    body: isPush ? (
      <PushPanel transfer={transfer} task={task} />
    ) : (
      <PulledFiles key={task.node} transfer={transfer} task={task} />
    ),
  });
  return (
    <WorkNodes
      work={transfer}
      label={t('transfers.nodesOf')}
      columns={columns}
      panelOf={panelOf}
      actions={isPush ? undefined : <DownloadAll transfer={transfer} />}
    />
  );
};
