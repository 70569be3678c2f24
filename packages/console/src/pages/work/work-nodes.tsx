// How each node of a run or transfer stands; one of them, chosen in the address, with more about it beside.
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
import { memo, type ReactNode, useCallback, useDeferredValue, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { Loading, Nothing, NothingFound, Partial, Problem } from '../../ui/states.tsx';
import { elapsed } from './elapsed.ts';
import { useResults } from './results.ts';
import { nodeStates, toNodeState } from './task-state.ts';
import type { Work } from './work.ts';
import { NodeStateLabel } from './work-state.tsx';

export const stateOf = ({ state, result }: Task) => toNodeState(state, result?.exitCode);
export const whyOf = ({ result, message }: Task): string => result?.reason || message;
export const durationOf = ({ startedAtMs, finishedAtMs }: Task): number =>
  startedAtMs === 0 || finishedAtMs === 0 ? -1 : finishedAtMs - startedAtMs;
export const Duration = ({ task }: { readonly task: Task }) => {
  if (durationOf(task) >= 0) return elapsed(durationOf(task));
  return task.startedAtMs === 0 ? null : <Age at={task.startedAtMs} />;
};

export interface NodePanel {
  readonly title: string;
  /** Exit code or signal, beside the state. */
  readonly detail?: string;
  readonly body: ReactNode;
}

interface WorkNodesProps {
  readonly work: Work;
  /** Of the table. */
  readonly label: string;
  /** Between how a node stands and why; kept by the caller while nothing in them changes. */
  readonly columns: readonly Column<Task>[];
  /** What the filter looks into besides node and reason. */
  readonly textOf?: (task: Task) => string;
  readonly panelOf: (task: Task) => NodePanel;
  /** Above the table. */
  readonly actions?: ReactNode;
}

const useColumns = (
  own: readonly Column<Task>[],
  onOpen: (node: string) => void,
): readonly Column<Task>[] => {
  const { t } = useTranslation();
  // Kept, so that rows that have not changed are not made anew five times a second.
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
      ...own,
      { key: 'why', title: t('runs.reason'), sortBy: whyOf, show: whyOf },
    ],
    [t, own, onOpen],
  );
};

const Panel = ({
  task,
  panel: { title, detail = '', body },
  onClose,
}: {
  readonly task: Task;
  readonly panel: NodePanel;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  return (
    <DrawerPanelContent defaultSize="66%" minSize="320px" isResizable resizeAriaLabel={t('runs.resize')}>
      <DrawerHead>
        <Flex>
          <Title headingLevel="h2" size="lg">
            {title}
          </Title>
          <NodeStateLabel state={stateOf(task)} detail={detail} />
        </Flex>
        {whyOf(task) === '' ? null : <p>{whyOf(task)}</p>}
        <DrawerActions>
          <DrawerCloseButton onClick={onClose} aria-label={t('ui.close')} />
        </DrawerActions>
      </DrawerHead>
      <DrawerPanelBody>{body}</DrawerPanelBody>
    </DrawerPanelContent>
  );
};

const PlainRows = ({
  label,
  tasks,
  onOpen,
  columns: own,
  textOf = () => '',
  actions,
}: Omit<WorkNodesProps, 'work' | 'panelOf'> & {
  readonly tasks: readonly Task[];
  readonly onOpen: (node: string) => void;
}) => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const [state, setState] = useParameter('state');
  const columns = useColumns(own, onOpen);
  const found = tasks.filter(
    (task) =>
      (state === '' || stateOf(task) === state) &&
      (filter === '' || matches(filter, [task.node, whyOf(task), textOf(task)])),
  );
  return (
    <>
      <Toolbar inset={{ default: 'insetNone' }}>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('runs.nodeFilterLabel')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          {actions === undefined ? null : <ToolbarItem>{actions}</ToolbarItem>}
          <ToolbarItem align={{ default: 'alignEnd' }}>{t('ui.rows', { count: found.length })}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <NothingFound onClear={state === '' ? () => setFilter('') : () => setState('')} />
      ) : (
        <DataTable label={label} columns={columns} rows={found} keyOf={({ id }) => id} />
      )}
    </>
  );
};

/** Made anew for other tasks only, not for each change of the work. */
const Rows = memo(PlainRows);

export const WorkNodes = ({ work, panelOf, ...rows }: WorkNodesProps) => {
  const { t } = useTranslation();
  const [node, setNode] = useParameter('node');
  const latest = useRef(setNode);
  latest.current = setNode;
  const onOpen = useCallback((name: string): void => latest.current(name), []);
  const {
    value: { tasks },
    state,
    error,
    retry,
  } = useResults(work);
  // While answers pour in, rows are made between frames, not within one.
  const shown = useDeferredValue(tasks);
  if (state === 'failed' && tasks.length === 0) return <Problem error={error} onRetry={retry} />;
  if (tasks.length === 0) return state === 'waiting' ? <Loading /> : <Nothing title={t('runs.noNodesYet')} />;
  const open = tasks.find((task) => task.node === node);
  return (
    <Drawer isExpanded={open !== undefined} style={{ minHeight: open === undefined ? 0 : '80vh' }}>
      <DrawerContent
        panelContent={
          open === undefined ? null : <Panel task={open} panel={panelOf(open)} onClose={() => setNode('')} />
        }
      >
        <DrawerContentBody>
          {state === 'failed' ? <Partial error={error} onRetry={retry} /> : null}
          <Rows tasks={shown} onOpen={onOpen} {...rows} />
        </DrawerContentBody>
      </DrawerContent>
    </Drawer>
  );
};
