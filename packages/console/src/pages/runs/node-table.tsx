// How each node of a run stands; one of them with its output beside.
import type { CommandRun } from '@drover/api';
import type { Task } from '@drover/client';
import {
  Button,
  Drawer,
  DrawerActions,
  DrawerCloseButton,
  DrawerContent,
  DrawerContentBody,
  DrawerHead,
  DrawerPanelBody,
  DrawerPanelContent,
  Flex,
  Title,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { useCallback, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { Loading, Nothing, NothingFound, Partial, Problem } from '../../ui/states.tsx';
import { elapsed, sizeOf } from './elapsed.ts';
import { useResults } from './results.ts';
import { isOver } from './run.ts';
import { RunLog } from './run-log.tsx';
import { NodeStateLabel } from './run-state.tsx';
import { nodeStates, toNodeState } from './task-state.ts';

const stateOf = ({ state, result }: Task) => toNodeState(state, result?.exitCode);
const whyOf = ({ result, message }: Task): string => result?.reason || message;
const durationOf = ({ startedAtMs, finishedAtMs }: Task): number =>
  startedAtMs === 0 || finishedAtMs === 0 ? -1 : finishedAtMs - startedAtMs;
const bytesOf = ({ result }: Task): number => (result === null ? 0 : result.stdoutBytes + result.stderrBytes);

const codeOf = ({ state, result }: Task): string => {
  if (result === null) return '';
  return state === 'exited' ? String(result.exitCode) : result.signal === 0 ? '' : `SIG ${result.signal}`;
};

const Duration = ({ task }: { readonly task: Task }) => {
  if (durationOf(task) >= 0) return elapsed(durationOf(task));
  return task.startedAtMs === 0 ? null : <Age at={task.startedAtMs} />;
};

const useColumns = (onOpen: (node: string) => void): readonly Column<Task>[] => {
  const { t } = useTranslation();
  // Kept, so that rows that have not changed are not made anew ten times a second.
  return useMemo(
    () => [
      {
        key: 'node',
        title: t('runs.node'),
        sortBy: ({ node }) => node,
        show: ({ node }) => (
          <Button variant="link" isInline onClick={() => onOpen(node)}>
            {node}
          </Button>
        ),
      },
      {
        key: 'state',
        title: t('ui.status'),
        sortBy: (task) => nodeStates.indexOf(stateOf(task)),
        show: (task) => <NodeStateLabel state={stateOf(task)} />,
      },
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
      { key: 'why', title: t('runs.reason'), sortBy: whyOf, show: whyOf },
    ],
    [t, onOpen],
  );
};

const NodePanel = ({
  run,
  task,
  onClose,
}: {
  readonly run: CommandRun;
  readonly task: Task;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  return (
    <DrawerPanelContent defaultSize="66%" minSize="320px" isResizable resizeAriaLabel={t('runs.resize')}>
      <DrawerHead>
        <Flex>
          <Title headingLevel="h2" size="lg">
            {t('runs.outputOf', { node: task.node })}
          </Title>
          <NodeStateLabel state={stateOf(task)} detail={codeOf(task)} />
        </Flex>
        {whyOf(task) === '' ? null : <p>{whyOf(task)}</p>}
        <DrawerActions>
          <DrawerCloseButton onClick={onClose} aria-label={t('ui.close')} />
        </DrawerActions>
      </DrawerHead>
      <DrawerPanelBody>
        <RunLog run={run} node={task.node} />
      </DrawerPanelBody>
    </DrawerPanelContent>
  );
};

const Rows = ({
  tasks,
  onOpen,
}: {
  readonly tasks: readonly Task[];
  readonly onOpen: (node: string) => void;
}) => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const [state, setState] = useParameter('state');
  const columns = useColumns(onOpen);
  const found = tasks.filter(
    (task) =>
      (state === '' || stateOf(task) === state) && matches(filter, [task.node, whyOf(task), codeOf(task)]),
  );
  return (
    <>
      <Toolbar inset={{ default: 'insetNone' }}>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('runs.nodeFilterLabel')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }}>{t('ui.rows', { count: found.length })}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <NothingFound onClear={state === '' ? () => setFilter('') : () => setState('')} />
      ) : (
        <DataTable label={t('runs.nodesOfRun')} columns={columns} rows={found} keyOf={({ id }) => id} />
      )}
    </>
  );
};

export const NodeTable = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const [node, setNode] = useParameter('node');
  const latest = useRef(setNode);
  latest.current = setNode;
  const onOpen = useCallback((name: string): void => latest.current(name), []);
  const { value: tasks, state, error } = useResults(run);
  if (state === 'failed' && tasks.length === 0) return <Problem error={error} />;
  if (tasks.length === 0)
    return isOver(run) || state !== 'waiting' ? <Nothing title={t('runs.noNodesYet')} /> : <Loading />;
  const open = tasks.find((task) => task.node === node);
  return (
    <Drawer isExpanded={open !== undefined} style={{ minHeight: open === undefined ? 0 : '80vh' }}>
      <DrawerContent
        panelContent={
          open === undefined ? null : <NodePanel run={run} task={open} onClose={() => setNode('')} />
        }
      >
        <DrawerContentBody>
          {state === 'failed' ? <Partial error={error} /> : null}
          <Rows tasks={tasks} onOpen={onOpen} />
        </DrawerContentBody>
      </DrawerContent>
    </Drawer>
  );
};
