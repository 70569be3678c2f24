// A table for thousands of rows: only those in sight are in the page. Columns sort; rows can be chosen.
import { Checkbox } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, type ThProps, Tr } from '@patternfly/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly show: (row: T) => ReactNode;
  /** What it is sorted by; absent: it cannot be. */
  readonly sortBy?: (row: T) => string | number;
  /** As CSS has it. */
  readonly width?: string;
}

export interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

interface Sorting {
  readonly index: number;
  readonly direction: 'asc' | 'desc';
}

const rowPixels = 45;
/** Below so many rows all are in the page: printing, searching in the page and reading aloud work as anywhere. */
const virtualFrom = 100;

const compare = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });

const sorted = <T,>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  sorting: Sorting | undefined,
): readonly T[] => {
  const sortBy = sorting === undefined ? undefined : columns[sorting.index]?.sortBy;
  if (sortBy === undefined) return rows;
  const sign = sorting?.direction === 'desc' ? -1 : 1;
  return [...rows].sort((a, b) => sign * compare(sortBy(a), sortBy(b)));
};

const Gap = ({ pixels, columns }: { readonly pixels: number; readonly columns: number }) =>
  pixels <= 0 ? null : (
    <Tr aria-hidden>
      <Td colSpan={columns} style={{ height: pixels, padding: 0, border: 0 }} />
    </Tr>
  );

const toggled = (chosen: ReadonlySet<string>, key: string): ReadonlySet<string> => {
  const next = new Set(chosen);
  if (!next.delete(key)) next.add(key);
  return next;
};

interface RowProps<T> {
  readonly row: T;
  readonly name: string;
  readonly index: number;
  readonly columns: readonly Column<T>[];
  readonly measure: ((element: HTMLTableRowElement | null) => void) | undefined;
  /** undefined: rows cannot be chosen. */
  readonly isChosen: boolean | undefined;
  readonly onChoose: (name: string) => void;
  readonly label: string;
}

/** Elements with the classes of PatternFly's Tr and Td: a Td measures itself each time it is rendered, which lays out the page. */
const PlainRow = <T,>({ row, name, index, columns, measure, isChosen, onChoose, label }: RowProps<T>) => {
  const { t } = useTranslation();
  return (
    <tr className="pf-v6-c-table__tr" ref={measure} data-index={index} aria-rowindex={index + 2}>
      {isChosen === undefined ? null : (
        <td className="pf-v6-c-table__td">
          <Checkbox
            id={`${label}-${name}`}
            aria-label={t('ui.selectRow', { name })}
            isChecked={isChosen}
            onChange={() => onChoose(name)}
          />
        </td>
      )}
      {columns.map(({ key, title, show }) => (
        <td className="pf-v6-c-table__td" key={key} data-label={title}>
          {show(row)}
        </td>
      ))}
    </tr>
  );
};

/** Where the caller keeps its columns, a row that has not changed costs nothing when others do. */
const Row = memo(PlainRow) as typeof PlainRow; // memo forgets T

export interface DataTableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly choice?: Choice;
  /** How high it may grow; what is more scrolls. */
  readonly maxHeight?: string;
  /** Told when somebody scrolls near the end: there may be more to fetch. */
  readonly onEnd?: () => void;
}

const nearPixels = 400;

export const DataTable = <T,>({
  label,
  columns,
  rows,
  keyOf,
  choice,
  maxHeight = '70vh',
  onEnd,
}: DataTableProps<T>) => {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const [sorting, setSorting] = useState<Sorting>();
  const latest = useRef(choice);
  latest.current = choice;
  const onChoose = useCallback(
    (name: string): void => latest.current?.onChange(toggled(latest.current.chosen, name)),
    [],
  );
  const ordered = sorted(rows, columns, sorting);
  const isVirtual = ordered.length > virtualFrom;
  const virtual = useVirtualizer({
    count: ordered.length,
    enabled: isVirtual,
    getScrollElement: () => frame.current,
    estimateSize: () => rowPixels,
    getItemKey: (index) => keyOf(ordered[index] as T), // the virtualizer asks for rows that are there
    overscan: 12,
  });
  const seen = virtual.getVirtualItems();
  const [first, last] = [seen[0], seen.at(-1)];
  const shown = isVirtual ? seen.map(({ index }) => index) : ordered.map((_, index) => index);
  const width = columns.length + (choice === undefined ? 0 : 1);
  const sortOf = (index: number): ThProps['sort'] => ({
    sortBy: sorting === undefined ? {} : { index: sorting.index, direction: sorting.direction },
    onSort: (_event, _index, direction) => setSorting({ index, direction }),
    columnIndex: index,
  });
  const all = ordered.map(keyOf);
  const isAll = choice !== undefined && all.length > 0 && all.every((key) => choice.chosen.has(key));
  return (
    // A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    <section
      ref={frame}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
      tabIndex={0}
      style={{ maxHeight, overflow: 'auto' }}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        if (scrollHeight - scrollTop - clientHeight < nearPixels) onEnd?.();
      }}
    >
      <Table aria-label={label} aria-rowcount={ordered.length + 1} variant="compact" isStickyHeader>
        <Thead>
          <Tr>
            {choice === undefined ? null : (
              <Th screenReaderText={t('ui.selectAll')} style={{ width: '3rem' }}>
                <Checkbox
                  id={`${label}-all`}
                  aria-label={t('ui.selectAll')}
                  isChecked={isAll}
                  onChange={() => choice.onChange(new Set(isAll ? [] : all))}
                />
              </Th>
            )}
            {columns.map(({ key, title, sortBy, width: wide }, index) => (
              <Th
                key={key}
                modifier="nowrap"
                {...(sortBy === undefined ? {} : { sort: sortOf(index) as NonNullable<ThProps['sort']> })}
                style={{ width: wide, minWidth: wide }}
              >
                {title}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          <Gap pixels={isVirtual ? (first?.start ?? 0) : 0} columns={width} />
          {shown.map((index) => {
            const row = ordered[index];
            if (row === undefined) return null;
            const key = keyOf(row);
            return (
              <Row
                key={key}
                row={row}
                name={key}
                index={index}
                columns={columns}
                measure={isVirtual ? virtual.measureElement : undefined}
                isChosen={choice?.chosen.has(key)}
                onChoose={onChoose}
                label={label}
              />
            );
          })}
          <Gap pixels={isVirtual ? virtual.getTotalSize() - (last?.end ?? 0) : 0} columns={width} />
        </Tbody>
      </Table>
    </section>
  );
};
