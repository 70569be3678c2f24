// Runs or transfers, newest first: by words, by what they are filed under, and those that pages made only when asked for.
import { Checkbox, ToggleGroup, ToggleGroupItem, ToolbarItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { ListView, type ListViewProps } from '../../ui/list-view.tsx';
import { progressOf } from './task-state.ts';
import {
  isOfPage,
  isOver,
  madeAt,
  makerOf,
  nameOf,
  namespaceOf,
  phaseOf,
  targetsOf,
  type Work,
} from './work.ts';
import { CountsBar } from './work-state.tsx';

/** How it goes, by whom, since when. */
export const useWorkColumns = (): readonly Column<Work>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'progress',
      title: t('runs.progress'),
      sortBy: ({ status }) => progressOf(status?.counts).total,
      show: (work) => <CountsBar work={work} />,
      width: '9rem',
    },
    {
      key: 'by',
      title: t('runs.by'),
      sortBy: makerOf,
      show: (work) => <span style={{ overflowWrap: 'anywhere' }}>{makerOf(work)}</span>,
      width: '7rem',
    },
    {
      key: 'age',
      title: t('ui.age'),
      sortBy: madeAt,
      show: (work) => <Age at={madeAt(work)} />,
      width: '7rem',
    },
  ];
};

/** One of the things that work is filed under, besides what is not over yet. */
export interface Filing<T> {
  readonly name: string;
  readonly title: string;
  readonly has: (work: T) => boolean;
}

type WorkListProps<T> = Pick<
  ListViewProps<T>,
  | 'state'
  | 'error'
  | 'retry'
  | 'label'
  | 'columns'
  | 'filterLabel'
  | 'emptyTitle'
  | 'emptyBody'
  | 'emptyActions'
> & {
  readonly items: readonly T[];
  /** Beside name, nodes, labels and whoever made it. */
  readonly textOf: (work: T) => string;
  /** The parameter of the address that keeps what is chosen of `filings`. */
  readonly parameter: string;
  readonly filingsLabel: string;
  readonly filings: readonly Filing<T>[];
};

export const WorkList = <T extends Work>({
  items,
  textOf,
  parameter,
  filingsLabel,
  filings,
  ...list
}: WorkListProps<T>): ReactNode => {
  const { t } = useTranslation();
  const [chosen, setChosen] = useParameter(parameter);
  const [all, setAll] = useParameter('all');
  const every = [{ name: 'active', title: t('runs.active'), has: (work: T) => !isOver(work) }, ...filings];
  const filing = every.find(({ name }) => name === chosen);
  const rows = items
    .filter((work) => (all !== '' || !isOfPage(work)) && (filing?.has(work) ?? true))
    .sort((a, b) => (madeAt(a) < madeAt(b) ? 1 : -1));
  return (
    <ListView
      {...list}
      rows={rows}
      keyOf={(work) => `${namespaceOf(work)}/${nameOf(work)}`}
      textsOf={(work) => {
        const { nodes, labels } = targetsOf(work);
        return [nameOf(work), textOf(work), makerOf(work), nodes, labels];
      }}
      onWiden={filing === undefined ? undefined : () => setChosen('')}
      filters={
        <>
          <ToolbarItem>
            <ToggleGroup aria-label={filingsLabel} isCompact style={{ flexWrap: 'wrap' }}>
              {every.map(({ name, title }) => (
                <ToggleGroupItem
                  key={name}
                  text={title}
                  buttonId={`${parameter}-${name}`}
                  isSelected={chosen === name}
                  onChange={(_event, isSelected) => setChosen(isSelected ? name : '')}
                />
              ))}
            </ToggleGroup>
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <Checkbox
              id="show-all"
              label={t('runs.showAll')}
              isChecked={all !== ''}
              onChange={(_event, is) => setAll(is ? '1' : '')}
            />
          </ToolbarItem>
        </>
      }
    />
  );
};

/** Filed under a phase. */
export const useInPhase = (): ((phase: 'Succeeded' | 'Failed' | 'Cancelled') => Filing<Work>) => {
  const { t } = useTranslation();
  return (phase) => ({
    name: phase,
    title: t(`runs.phases.${phase}`),
    has: (work) => phaseOf(work) === phase,
  });
};
