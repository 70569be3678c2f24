// Owns the columns of a list: the controller's own (kubectl shows the same), with links and ages.
import type { DiscoveredKind, ObjectRow } from '@drover/client';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../../api/client.ts';
import { paths } from '../../../paths.ts';
import { Age } from '../../../ui/age.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { useParameter } from '../../../ui/filter.tsx';

const separator = '/';

/** 'namespace/name'; namespace '' for cluster scope. */
export const keyOfRow = ({ metadata }: ObjectRow): string =>
  `${metadata.namespace ?? ''}${separator}${metadata.name ?? ''}`;

const useDefinitions = (kind: DiscoveredKind) =>
  useQuery({
    queryKey: ['columns', kind.group, kind.version, kind.plural],
    queryFn: async ({ signal }) => (await client.table(kind, { limit: 1, signal })).columnDefinitions,
  });

const nameColumn = (kind: DiscoveredKind, title: string): Column<ObjectRow> => ({
  key: 'name',
  title,
  sortBy: ({ metadata }) => metadata.name ?? '',
  show: ({ metadata }) => (
    <Link to={paths.object(kind, metadata.namespace ?? '', metadata.name ?? '')}>{metadata.name}</Link>
  ),
});

const ageColumn = (title: string): Column<ObjectRow> => ({
  key: 'age',
  title,
  sortBy: ({ metadata }) => metadata.creationTimestamp ?? '',
  show: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
});

const cellColumn = (name: string, index: number): Column<ObjectRow> => ({
  key: `${index}`,
  title: name,
  sortBy: ({ cells }) => {
    const cell = cells[index] ?? '';
    return typeof cell === 'boolean' ? String(cell) : cell;
  },
  show: ({ cells }) => String(cells[index] ?? ''),
});

type Definitions = NonNullable<ReturnType<typeof useDefinitions>['data']>;

/** With ?wide=1 those of lesser importance too. */
const useColumnsOf = (kind: DiscoveredKind, definitions: Definitions): readonly Column<ObjectRow>[] => {
  const { t } = useTranslation();
  const [wide] = useParameter('wide');
  const [namespace] = useParameter('namespace');
  const namespaceColumn: Column<ObjectRow> = {
    key: 'namespace',
    title: t('ui.namespace'),
    sortBy: ({ metadata }) => metadata.namespace ?? '',
    show: ({ metadata }) => metadata.namespace,
  };
  const columns = definitions.flatMap(({ name, priority }, index) => {
    if (priority > 0 && wide === '') return [];
    if (name === 'Name')
      return [
        nameColumn(kind, t('ui.name')),
        ...(kind.namespaced && namespace === '' ? [namespaceColumn] : []),
      ];
    if (name === 'Age') return [ageColumn(t('ui.age'))];
    return [cellColumn(name, index)];
  });
  // Kinds that name their columns may have left it out.
  return definitions.some(({ name }) => name === 'Age') ? columns : [...columns, ageColumn(t('ui.age'))];
};

export interface RowColumns {
  /** undefined: not known (yet); `error` says why. */
  readonly columns: readonly Column<ObjectRow>[] | undefined;
  readonly error: Error | null;
  readonly retry: () => void;
}

export const useRowColumns = (kind: DiscoveredKind): RowColumns => {
  const { data, error, refetch } = useDefinitions(kind);
  const columns = useColumnsOf(kind, data ?? []);
  return { columns: data === undefined ? undefined : columns, error, retry: () => void refetch() };
};
