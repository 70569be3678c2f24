// A list as most pages have it: a filter in the address, how many there are, what can be done, and every state.
import { Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { DataTable, type DataTableProps } from './data-table.tsx';
import { Filter, matches, useParameter } from './filter.tsx';
import { Loading, Nothing, NothingFound, Partial, Problem } from './states.tsx';

export interface ListViewProps<T> extends DataTableProps<T> {
  readonly state: 'loading' | 'live' | 'offline' | 'failed';
  readonly error?: unknown;
  /** Why not all rows are there, though some are. */
  readonly missing?: unknown;
  /** Asks again for what has failed. */
  readonly retry?: (() => void) | undefined;
  readonly filterLabel: string;
  /** Takes back what has narrowed `rows` before; undefined: nothing has. */
  readonly onWiden?: (() => void) | undefined;
  /** What the filter looks into. */
  readonly textsOf: (row: T) => readonly string[];
  readonly emptyTitle: string;
  readonly emptyBody?: ReactNode;
  /** How to begin, where `actions` do not say it. */
  readonly emptyActions?: ReactNode;
  /** Beside the filter. */
  readonly filters?: ReactNode;
  readonly actions?: ReactNode;
}

export const ListView = <T,>(props: ListViewProps<T>) => {
  const {
    state,
    error,
    retry,
    missing,
    filterLabel,
    onWiden,
    textsOf,
    emptyTitle,
    emptyBody,
    emptyActions,
    filters,
    actions,
    ...table
  } = props;
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  const found = table.rows.filter((row) => matches(filter, textsOf(row)));
  const body = (): ReactNode => {
    if (found.length > 0) return <DataTable {...table} rows={found} />;
    if (table.rows.length === 0 && onWiden === undefined)
      return (
        <Nothing title={emptyTitle} actions={emptyActions}>
          {emptyBody}
        </Nothing>
      );
    return <NothingFound onClear={onWiden ?? (() => setFilter(''))} />;
  };
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={filterLabel} value={filter} onChange={setFilter} />
          </ToolbarItem>
          {filters}
          {actions === undefined ? null : <ToolbarItem>{actions}</ToolbarItem>}
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: found.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {missing === undefined ? null : <Partial error={missing} onRetry={retry} />}
      {body()}
    </>
  );
};
