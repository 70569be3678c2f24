// What is installed on a node, as its package manager says.
import type { Node } from '@drover/api';
import { Button, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { mustRunOn } from '../../api/quick-run.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { toBytes } from '../../ui/quantity.ts';
import { Loading, Nothing, NothingFound, Problem } from '../../ui/states.tsx';
import { textAt, useFacts } from './facts.ts';
import { nameOf } from './node-columns.tsx';
import { listPackages, type Package, parsePackages } from './packages.ts';

const Packages = ({
  node,
  manager,
  argv,
}: {
  readonly node: string;
  readonly manager: string;
  readonly argv: readonly string[];
}) => {
  const { t, i18n } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['packages', node, manager],
    queryFn: async ({ signal }) =>
      parsePackages((await mustRunOn(node, argv, 'packages', signal)).stdout, manager),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const columns: readonly Column<Package>[] = [
    { key: 'name', title: t('ui.name'), sortBy: ({ name }) => name, show: ({ name }) => name },
    { key: 'version', title: t('nodes.packages.version'), show: ({ version }) => version },
    {
      key: 'architecture',
      title: t('nodes.facts.architecture'),
      sortBy: ({ architecture }) => architecture,
      show: ({ architecture }) => architecture,
    },
    {
      key: 'size',
      title: t('nodes.facts.size'),
      sortBy: ({ sizeBytes }) => sizeBytes,
      show: ({ sizeBytes }) => toBytes(sizeBytes, i18n.language),
    },
  ];
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (data.length === 0) return <Nothing title={t('nodes.packages.empty')} />;
  const found = data.filter(({ name, version }) => matches(filter, [name, version]));
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('nodes.packages.filter')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem>
            <Button
              variant="secondary"
              isLoading={isFetching}
              isDisabled={isFetching}
              onClick={() => void refetch()}
            >
              {t('nodes.askAgain')}
            </Button>
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: found.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <NothingFound onClear={() => setFilter('')} />
      ) : (
        <DataTable
          label={t('nodes.tabs.packages')}
          columns={columns}
          rows={found}
          keyOf={({ name, architecture, version }) => `${name} ${architecture} ${version}`}
        />
      )}
    </>
  );
};

export const NodePackages = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const { data, error, refetch } = useFacts(nameOf(node), node.metadata.resourceVersion);
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const manager = textAt(data.facts, 'packageManager');
  const argv = listPackages(manager);
  if (argv === undefined)
    return <Nothing title={t('nodes.packages.none')}>{t('nodes.packages.noneBody')}</Nothing>;
  return <Packages node={nameOf(node)} manager={manager} argv={argv} />;
};
