// Every server of the fleet.
import type { Node } from '@drover/api';
import { nodes as nodeKind } from '@drover/client/kinds';
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, NothingFound, Problem } from '../../ui/states.tsx';
import { addressOf, NodeStateLabel, nodeState } from './node-state.tsx';

const nameOf = ({ metadata }: Node): string => metadata.name ?? '';
const osOf = ({ status }: Node): string => status?.nodeInfo?.osImage ?? '';

const textsOf = (node: Node): readonly string[] => [
  nameOf(node),
  addressOf(node),
  osOf(node),
  ...Object.entries(node.metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`),
];

const useColumns = (): readonly Column<Node>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (node) => <Link to={paths.node(nameOf(node))}>{nameOf(node)}</Link>,
    },
    {
      key: 'state',
      title: t('ui.status'),
      sortBy: nodeState,
      show: (node) => <NodeStateLabel node={node} />,
    },
    { key: 'os', title: t('nodes.os'), sortBy: osOf, show: osOf },
    { key: 'address', title: t('nodes.address'), sortBy: addressOf, show: addressOf },
    {
      key: 'age',
      title: t('ui.age'),
      sortBy: ({ metadata }) => metadata.creationTimestamp ?? '',
      show: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
  ];
};

const List = ({ rows }: { readonly rows: readonly Node[] }) => {
  const { t } = useTranslation();
  const columns = useColumns();
  const [filter, setFilter] = useParameter('q');
  if (rows.length === 0) return <Nothing title={t('nodes.empty')}>{t('nodes.emptyBody')}</Nothing>;
  const found = rows.filter((node) => matches(filter, textsOf(node)));
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('nodes.filterLabel')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }}>{t('ui.rows', { count: found.length })}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <NothingFound onClear={() => setFilter('')} />
      ) : (
        <DataTable label={t('nodes.list')} columns={columns} rows={found} keyOf={nameOf} />
      )}
    </>
  );
};

export const Nodes = () => {
  const { t } = useTranslation();
  const { items, state, error } = useLive(nodeKind);
  return (
    <>
      <PageHead title={t('shell.pages.nodes')} />
      <PageSection hasBodyWrapper={false} isFilled>
        {state === 'loading' ? (
          <Loading />
        ) : state === 'failed' ? (
          <Problem error={error} />
        ) : (
          <List rows={items} />
        )}
      </PageSection>
    </>
  );
};
