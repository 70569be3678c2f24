// What the map shows, in words: for who cannot see it, and to sort by what it colours.
import type { Node } from '@drover/api';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { toPercent } from '../../ui/quantity.ts';
import { NodeStateLabel, nodeState } from '../nodes/node-state.tsx';
import type { Use } from '../nodes/usage.ts';
import { osOf } from './map-look.ts';

const nameOf = ({ metadata }: Node): string => metadata.name ?? '';

const useColumns = (uses: ReadonlyMap<string, Use>): readonly Column<Node>[] => {
  const { t, i18n } = useTranslation();
  return useMemo(() => {
    const share = (key: 'cpuShare' | 'memoryShare') => (node: Node) => uses.get(nameOf(node))?.[key];
    const used = (key: 'cpuShare' | 'memoryShare', title: string): Column<Node> => ({
      key,
      title,
      sortBy: (node) => share(key)(node) ?? -1,
      show: (node) => {
        const value = share(key)(node);
        return value === undefined ? t('ui.unknown') : toPercent(value, i18n.language);
      },
    });
    return [
      {
        key: 'name',
        title: t('runs.node'),
        sortBy: nameOf,
        show: (node) => <Link to={paths.node(nameOf(node))}>{nameOf(node)}</Link>,
      },
      {
        key: 'health',
        title: t('overview.by.health'),
        sortBy: nodeState,
        show: (node) => <NodeStateLabel node={node} />,
      },
      used('cpuShare', t('overview.by.cpu')),
      used('memoryShare', t('overview.by.memory')),
      { key: 'os', title: t('overview.by.os'), sortBy: osOf, show: osOf },
    ];
  }, [t, i18n.language, uses]);
};

export const MapTable = ({
  nodes,
  uses,
}: {
  readonly nodes: readonly Node[];
  readonly uses: ReadonlyMap<string, Use>;
}) => {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t('overview.map')}
      columns={useColumns(uses)}
      rows={nodes}
      keyOf={nameOf}
      maxHeight="24rem"
    />
  );
};
