// Who may do what, as one table: subjects, kinds, and what the one may do with the other.
// I1: a cell is reckoned when it comes into sight: thousands of subjects cost nothing.
import { namespaces as namespaceKind } from '@drover/client/kinds';
import { Alert, Label, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import type { Column } from '../../ui/data-table.tsx';
import { ChoiceField } from '../../ui/fields.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { useAccess } from './facts.ts';
import { type AccessModel, allowedVerbs, keyOf, titleOf, verbs, type Who } from './model.ts';
import { nameOf } from './object-row.tsx';

interface Thing {
  readonly group: string;
  readonly resource: string;
}

/** What is shown until somebody asks for other kinds. */
const usual: readonly Thing[] = [
  { group: '', resource: 'nodes' },
  { group: '', resource: 'nodes/shell' },
  { group: 'drover.dev', resource: 'commandruns' },
  { group: 'drover.dev', resource: 'filetransfers' },
  { group: '', resource: 'secrets' },
  { group: 'drover.dev', resource: 'users' },
  { group: 'rbac.authorization.k8s.io', resource: 'rolebindings' },
];
const maxKinds = 12;
const reading = new Set<string>(['get', 'list', 'watch']);

const useThings = (filter: string): readonly Thing[] => {
  const { data } = useQuery({
    queryKey: ['discovery'],
    queryFn: ({ signal }) => client.discover({ signal }),
    staleTime: 60_000,
  });
  if (filter === '') return usual;
  const known = (data?.kinds ?? []).map(({ group, plural }) => ({ group, resource: plural }));
  return [...usual.filter(({ resource }) => resource.includes('/')), ...known]
    .filter(({ group, resource }) => matches(filter, [resource, group]))
    .slice(0, maxKinds);
};

type Degree = 'all' | 'change' | 'read' | 'nothing';

const degreeOf = (allowed: readonly string[]): Degree => {
  if (allowed.length === verbs.length) return 'all';
  if (allowed.some((verb) => !reading.has(verb))) return 'change';
  return allowed.length > 0 ? 'read' : 'nothing';
};

const colours = { all: 'red', change: 'orange', read: 'green' } as const;

const Cell = ({
  model,
  who,
  thing,
  namespace,
}: {
  readonly model: AccessModel;
  readonly who: Who;
  readonly thing: Thing;
  readonly namespace: string;
}) => {
  const { t } = useTranslation();
  const allowed = allowedVerbs(model.grantsOf(who, namespace), thing);
  const degree = degreeOf(allowed);
  if (degree === 'nothing') return <>{t('access.matrix.nothing')}</>;
  const asked = { ...thing, verb: allowed.at(-1) ?? '', ...(namespace === '' ? {} : { namespace }) };
  return (
    <Link to={paths.explainAccess(keyOf(who), asked)} title={allowed.join(', ')}>
      <Label isCompact color={colours[degree]}>
        {t(`access.matrix.${degree}`)}
      </Label>
    </Link>
  );
};

const Filters = () => {
  const { t } = useTranslation();
  const { items } = useLive(namespaceKind);
  const [namespace, setNamespace] = useParameter('namespace');
  const [kind, setKind] = useParameter('kind');
  return (
    <>
      <ToolbarItem>
        <Filter label={t('access.matrix.kinds')} value={kind} onChange={setKind} />
      </ToolbarItem>
      <ToolbarItem>
        <ChoiceField
          label={t('ui.namespace')}
          value={namespace}
          onChange={setNamespace}
          options={[
            { value: '', label: t('access.matrix.everywhere') },
            ...items.map((one) => ({ value: nameOf(one), label: nameOf(one) })),
          ]}
        />
      </ToolbarItem>
    </>
  );
};

export const Matrix = () => {
  const { t } = useTranslation();
  const { model, state, error, retry } = useAccess();
  const [namespace] = useParameter('namespace');
  const [kind] = useParameter('kind');
  const things = useThings(kind);
  const columns: readonly Column<Who>[] = [
    {
      key: 'who',
      title: t('access.matrix.who'),
      sortBy: (who) => `${who.kind} ${titleOf(who)}`,
      show: (who) => (
        <>
          {titleOf(who)} <Label isCompact>{t(`access.kinds.${who.kind}`)}</Label>
        </>
      ),
    },
    ...things.map((thing) => ({
      key: `${thing.group}/${thing.resource}`,
      title: thing.resource,
      show: (who: Who) => <Cell model={model} who={who} thing={thing} namespace={namespace} />,
    })),
  ];
  return (
    <>
      <Alert isInline isPlain variant="info" title={t('access.matrix.about')} />
      <ListView
        label={t('access.tabs.matrix')}
        rows={model.subjects}
        state={state}
        error={error}
        retry={retry}
        columns={columns}
        keyOf={keyOf}
        filterLabel={t('access.matrix.filter')}
        textsOf={(who) => [titleOf(who), who.kind]}
        emptyTitle={t('access.matrix.empty')}
        filters={<Filters />}
      />
    </>
  );
};
