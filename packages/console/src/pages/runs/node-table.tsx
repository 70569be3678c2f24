// How each node of a run stands; one of them with its output beside.
import type { CommandRun } from '@drover/api';
import type { Task } from '@drover/client';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Column } from '../../ui/data-table.tsx';
import { sizeOf } from '../work/elapsed.ts';
import { Duration, durationOf, WorkNodes } from '../work/work-nodes.tsx';
import { RunLog } from './run-log.tsx';

const bytesOf = ({ result }: Task): number => (result === null ? 0 : result.stdoutBytes + result.stderrBytes);

const codeOf = ({ state, result }: Task): string => {
  if (result === null) return '';
  return state === 'exited' ? String(result.exitCode) : result.signal === 0 ? '' : `SIG ${result.signal}`;
};

const useColumns = (): readonly Column<Task>[] => {
  const { t } = useTranslation();
  // Kept, so that rows that have not changed are not made anew five times a second.
  return useMemo(
    () => [
      { key: 'code', title: t('runs.exitCode'), sortBy: codeOf, show: codeOf },
      {
        key: 'duration',
        title: t('runs.duration'),
        sortBy: durationOf,
        show: (task) => <Duration task={task} />,
      },
      {
        key: 'output',
        title: t('runs.output'),
        sortBy: bytesOf,
        show: (task) => (task.result === null ? '' : sizeOf(bytesOf(task))),
      },
    ],
    [t],
  );
};

export const NodeTable = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const columns = useColumns();
  return (
    <WorkNodes
      work={run}
      label={t('runs.nodesOfRun')}
      columns={columns}
      textOf={codeOf}
      panelOf={(task) => ({
        title: t('runs.outputOf', { node: task.node }),
        detail: codeOf(task),
        body: <RunLog run={run} node={task.node} />,
      })}
    />
  );
};
