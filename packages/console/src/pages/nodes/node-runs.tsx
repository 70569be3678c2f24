// Runs and transfers that touched the node, newest first, live.
import { isFinal } from '@drover/api/task-states';
import type { NodeTask, NodeTaskEvent } from '@drover/client';
import { Label, type LabelProps, Switch, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../api/client.ts';
import { consoleLabel } from '../../api/console-label.ts';
import { type Followed, useFollowed } from '../../api/followed.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';

const shownTasks = 500;

const useTasks = (
  node: string,
): Followed<{ readonly tasks: readonly NodeTask[]; readonly isReady: boolean }> =>
  useFollowed<NodeTaskEvent, { readonly tasks: readonly NodeTask[]; readonly isReady: boolean }>(
    `tasks ${node}`,
    () => {
      const byId = new Map<string, NodeTask>();
      let isReady = false;
      return {
        read: (signal) =>
          client.watchNodeTasks(node, { signal, limit: shownTasks, giveUpMs: Number.POSITIVE_INFINITY }),
        add: (event) => {
          if (event.type === 'TASK') byId.set(event.task.id, event.task);
          else isReady = true;
        },
        view: () => ({ tasks: [...byId.values()].sort((a, b) => b.createdAtMs - a.createdAtMs), isReady }),
      };
    },
  );

const statusOf = ({ state, result }: NodeTask): NonNullable<LabelProps['status']> => {
  if (!isFinal(state)) return 'info';
  return state === 'exited' && result?.exitCode === 0 ? 'success' : 'danger';
};

const TaskState = ({ task }: { readonly task: NodeTask }) => {
  const { t } = useTranslation();
  const { state, result } = task;
  const word =
    state === 'exited' && result?.exitCode !== 0
      ? t('nodes.tasks.exitCode', { code: result?.exitCode ?? '' })
      : t(`nodes.tasks.states.${state}`);
  return (
    <Label isCompact status={statusOf(task)}>
      {word}
    </Label>
  );
};

const useColumns = (): readonly Column<NodeTask>[] => {
  const { t, i18n } = useTranslation();
  const seconds = (ms: number): string =>
    new Intl.NumberFormat(i18n.language, {
      style: 'unit',
      unit: 'second',
      maximumFractionDigits: 1,
    }).format(ms / 1000);
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: ({ name }) => name,
      show: ({ kind, namespace, name }) => (
        <Link to={kind === 'CommandRun' ? paths.run(namespace, name) : paths.transfer(namespace, name)}>
          {name}
        </Link>
      ),
    },
    {
      key: 'kind',
      title: t('nodes.tasks.kind'),
      sortBy: ({ kind }) => kind,
      show: ({ kind }) => t(`nodes.tasks.kinds.${kind}`),
    },
    {
      key: 'state',
      title: t('ui.status'),
      sortBy: ({ state }) => state,
      show: (task) => <TaskState task={task} />,
    },
    {
      key: 'created',
      title: t('ui.created'),
      sortBy: ({ createdAtMs }) => createdAtMs,
      show: ({ createdAtMs }) => <Age at={createdAtMs} />,
    },
    {
      key: 'took',
      title: t('nodes.tasks.took'),
      show: ({ startedAtMs, finishedAtMs }) =>
        startedAtMs === 0 || finishedAtMs === 0 ? '' : seconds(finishedAtMs - startedAtMs),
    },
    { key: 'why', title: t('nodes.why'), show: ({ result, message }) => result?.reason || message },
  ];
};

export const NodeRuns = ({ name }: { readonly name: string }) => {
  const { t } = useTranslation();
  const columns = useColumns();
  const [own, setOwn] = useParameter('own');
  const { value, state, error, retry } = useTasks(name);
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  if (!value.isReady) return <Loading />;
  const shown =
    own === '' ? value.tasks.filter(({ labels }) => labels[consoleLabel] === undefined) : value.tasks;
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Switch
              id="own-runs"
              label={t('nodes.tasks.own')}
              isChecked={own !== ''}
              onChange={(_event, is) => setOwn(is ? '1' : '')}
            />
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: shown.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {shown.length === 0 ? (
        <Nothing
          title={t('nodes.tasks.none')}
          actions={<Link to={paths.newRun(name)}>{t('shell.pages.newRun')}</Link>}
        />
      ) : (
        <DataTable label={t('nodes.tabs.runs')} columns={columns} rows={shown} keyOf={({ id }) => id} />
      )}
    </>
  );
};
