// What is installed on a node, as its package manager says.
import type { Node } from '@drover/api';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { mustRunOn } from '../../api/quick-run.ts';
import type { Column } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { toBytes } from '../../ui/quantity.ts';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { asked } from './asked.tsx';
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
  const packages = useQuery({
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
  return (
    <ListView
      {...asked(packages)}
      label={t('nodes.tabs.packages')}
      columns={columns}
      keyOf={({ name, architecture, version }) => `${name} ${architecture} ${version}`}
      filterLabel={t('nodes.packages.filter')}
      textsOf={({ name, version }) => [name, version]}
      emptyTitle={t('nodes.packages.empty')}
    />
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
