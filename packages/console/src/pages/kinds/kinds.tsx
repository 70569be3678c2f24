// Every kind that the controller serves, also those that users have defined.
import type { DiscoveredKind } from '@drover/client';
import {
  Content,
  PageSection,
  Stack,
  StackItem,
  Title,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../api/client.ts';
import { useKinds, useOpenApis } from '../../api/openapi.ts';
import { paths } from '../../paths.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, NothingFound, Problem } from '../../ui/states.tsx';
import { schemasOfKind } from './schema/schema.ts';

const isOwn = (group: string): boolean =>
  group !== '' && group !== 'drover.dev' && !group.endsWith('.k8s.io');

/** Users' own first, then Drover's, then Kubernetes'. */
const rank = (group: string): number => (isOwn(group) ? 0 : group === 'drover.dev' ? 1 : 2);

const groupsOf = (
  kinds: readonly DiscoveredKind[],
): readonly (readonly [string, readonly DiscoveredKind[]])[] =>
  [...Map.groupBy(kinds, ({ group }) => group)].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));

const Count = ({ kind }: { readonly kind: DiscoveredKind }) => {
  const { t } = useTranslation();
  const { data, isError } = useQuery({
    queryKey: ['count', kind.group, kind.version, kind.plural],
    queryFn: ({ signal }) => client.list(kind, { limit: 1, signal }),
    retry: false,
  });
  const count = data === undefined ? undefined : data.items.length + (data.metadata.remainingItemCount ?? 0);
  return (
    <Link to={paths.kind(kind)}>
      {isError ? t('ui.unknown') : (count ?? '…')}
      <span className="pf-v6-screen-reader"> {t('kinds.objectsOf', { kind: kind.kind })}</span>
    </Link>
  );
};

type Describe = (kind: DiscoveredKind) => string;

const useColumns = (describe: Describe): readonly Column<DiscoveredKind>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'kind',
      title: t('kinds.kind'),
      sortBy: ({ kind }) => kind,
      show: (kind) => (
        <>
          <Link to={paths.kind(kind)}>{kind.kind}</Link>
          <Content component="small">{describe(kind)}</Content>
        </>
      ),
    },
    {
      key: 'names',
      title: t('kinds.names'),
      show: ({ plural, shortNames }) => [plural, ...shortNames].join(', '),
      width: '14rem',
    },
    {
      key: 'version',
      title: t('kinds.version'),
      sortBy: ({ version }) => version,
      show: ({ version }) => version,
      width: '8rem',
    },
    {
      key: 'scope',
      title: t('kinds.scope'),
      sortBy: ({ namespaced }) => String(namespaced),
      show: ({ namespaced }) => (namespaced ? t('kinds.namespaced') : t('kinds.cluster')),
      width: '8rem',
    },
    { key: 'objects', title: t('kinds.objects'), show: (kind) => <Count kind={kind} />, width: '7rem' },
  ];
};

const versionOf = ({ group, version }: DiscoveredKind): string => `${group}/${version}`;

/** In the words of the kinds' own schemas. */
const useDescriptions = (kinds: readonly DiscoveredKind[]): Describe => {
  const versions = [...new Map(kinds.map((kind) => [versionOf(kind), kind])).values()];
  const documents = useOpenApis(versions);
  const byVersion = new Map(versions.map((kind, index) => [versionOf(kind), documents[index]]));
  return (kind) => {
    const document = byVersion.get(versionOf(kind));
    return (document === undefined ? undefined : schemasOfKind(document, kind)?.root.description) ?? '';
  };
};

const GroupTable = ({
  group,
  kinds,
  describe,
}: {
  readonly group: string;
  readonly kinds: readonly DiscoveredKind[];
  readonly describe: Describe;
}) => {
  const { t } = useTranslation();
  const columns = useColumns(describe);
  const title = group === '' ? t('kinds.coreGroup') : group;
  return (
    <StackItem>
      <Title headingLevel="h2" size="lg">
        {isOwn(group) ? t('kinds.ownGroup', { group }) : title}
      </Title>
      <DataTable
        label={title}
        columns={columns}
        rows={kinds}
        keyOf={({ plural, version }) => `${plural}/${version}`}
        maxHeight="none"
      />
    </StackItem>
  );
};

const Groups = ({ kinds }: { readonly kinds: readonly DiscoveredKind[] }) => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const describe = useDescriptions(kinds);
  const found = kinds.filter((kind) =>
    matches(filter, [kind.kind, kind.plural, kind.group, ...kind.shortNames, describe(kind)]),
  );
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('kinds.filterKinds')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }}>{t('ui.rows', { count: found.length })}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <Stack hasGutter>
        {groupsOf(found).map(([group, members]) => (
          <GroupTable key={group} group={group} kinds={members} describe={describe} />
        ))}
      </Stack>
      {found.length > 0 ? null : <NothingFound onClear={() => setFilter('')} />}
    </>
  );
};

export const Kinds = () => {
  const { t } = useTranslation();
  const { data, error, refetch } = useKinds();
  return (
    <>
      <PageHead title={t('shell.pages.kinds')} />
      <PageSection hasBodyWrapper={false} isFilled>
        {data !== undefined ? (
          <Groups kinds={data} />
        ) : error === null ? (
          <Loading />
        ) : (
          <Problem error={error} onRetry={() => void refetch()} />
        )}
      </PageSection>
    </>
  );
};
