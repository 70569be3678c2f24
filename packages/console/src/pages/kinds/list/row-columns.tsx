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

/** undefined: not known yet. With ?wide=1 those of lesser importance too. */
export const useRowColumns = (kind: DiscoveredKind): readonly Column<ObjectRow>[] | undefined => {
  const { t } = useTranslation();
  const { data } = useDefinitions(kind);
  const [wide] = useParameter('wide');
  const [namespace] = useParameter('namespace');
  const namespaceColumn: Column<ObjectRow> = {
    key: 'namespace',
    title: t('ui.namespace'),
    sortBy: ({ metadata }) => metadata.namespace ?? '',
    show: ({ metadata }) => metadata.namespace,
  };
  if (data === undefined) return undefined;
  const columns = data.flatMap(({ name, priority }, index) => {
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
  return data.some(({ name }) => name === 'Age') ? columns : [...columns, ageColumn(t('ui.age'))];
};
