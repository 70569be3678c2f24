// All objects of one kind, in the controller's own columns.
import type { DiscoveredKind, ObjectRow } from '@drover/client';
import { Button, PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { type Live, useLiveRows } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { type Choice, DataTable } from '../../ui/data-table.tsx';
import { matches, useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, NothingFound, Problem } from '../../ui/states.tsx';
import { DeleteChosen } from './list/delete-chosen.tsx';
import { ListToolbar } from './list/list-toolbar.tsx';
import { keyOfRow, useRowColumns } from './list/row-columns.tsx';
import { useChosen } from './list/use-chosen.ts';
import { useKindCrumbs, WithKind } from './with-kind.tsx';

const textsOf = ({ cells, metadata }: ObjectRow): readonly string[] => [
  ...cells.map(String),
  ...Object.entries(metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`),
];

const Rows = ({
  kind,
  live,
  found,
  choice,
  isNarrowed,
}: {
  readonly kind: DiscoveredKind;
  readonly live: Live<ObjectRow>;
  /** What of it the filter leaves. */
  readonly found: readonly ObjectRow[];
  readonly choice: Choice;
  readonly isNarrowed: boolean;
}) => {
  const { t } = useTranslation();
  const [, setFilter] = useParameter('q');
  const known = useRowColumns(kind);
  const { items, state, error, retry } = live;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  const { columns } = known;
  if (columns === undefined && known.error !== null)
    return <Problem error={known.error} onRetry={known.retry} />;
  if (state === 'loading' || columns === undefined) return <Loading />;
  if (items.length === 0)
    return (
      <Nothing title={t('kinds.list.empty', { kind: kind.kind })}>
        {isNarrowed ? t('kinds.list.emptyHere') : t('kinds.list.emptyBody')}
      </Nothing>
    );
  return (
    <>
      {found.length === 0 ? (
        <NothingFound onClear={() => setFilter('')} />
      ) : (
        <DataTable label={kind.kind} columns={columns} rows={found} keyOf={keyOfRow} choice={choice} />
      )}
    </>
  );
};

const Head = ({ kind, namespace }: { readonly kind: DiscoveredKind; readonly namespace: string }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const within = kind.namespaced ? namespace || 'default' : undefined;
  const able = useCan(can.any('create', kind, within));
  return (
    <PageHead
      title={kind.kind}
      description={kind.group === '' ? kind.version : `${kind.group}/${kind.version}`}
      crumbs={useKindCrumbs()}
      actions={
        <>
          <Button variant="link" component={(props) => <Link {...props} to={paths.kindFields(kind)} />}>
            {t('kinds.fields')}
          </Button>
          <ActionButton able={able} onClick={() => void navigate(paths.newObject(kind, within))}>
            {t('kinds.list.create', { kind: kind.kind })}
          </ActionButton>
        </>
      }
    />
  );
};

const List = ({ kind }: { readonly kind: DiscoveredKind }) => {
  const [namespace] = useParameter('namespace');
  const [labelSelector] = useParameter('labels');
  const choice = useChosen();
  const live = useLiveRows(kind, {
    namespace: namespace === '' || !kind.namespaced ? undefined : namespace,
    labelSelector: labelSelector === '' ? undefined : labelSelector,
  });
  const [filter] = useParameter('q');
  const found = live.items.filter((row) => matches(filter, textsOf(row)));
  const present = found.filter((row) => choice.chosen.has(keyOfRow(row)));
  return (
    <>
      <Head kind={kind} namespace={namespace} />
      <PageSection hasBodyWrapper={false} isFilled>
        <ListToolbar kind={kind} count={found.length}>
          <DeleteChosen kind={kind} rows={present} onDone={() => choice.onChange(new Set())} />
        </ListToolbar>
        <Rows
          kind={kind}
          live={live}
          found={found}
          choice={choice}
          isNarrowed={namespace !== '' || labelSelector !== ''}
        />
      </PageSection>
    </>
  );
};

export const KindList = () => <WithKind>{(kind) => <List kind={kind} />}</WithKind>;
