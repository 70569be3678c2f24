// Who did what to one object: its rows of the audit trail, newest first.
import type { AuditRecord } from '@drover/api';
import type { KindReference } from '@drover/client/kinds';
import { Button, Label } from '@patternfly/react-core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client } from '../../../api/client.ts';
import { Age } from '../../../ui/age.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { Loading, Nothing, Problem } from '../../../ui/states.tsx';

const pageRows = 100;

const useColumns = (): readonly Column<AuditRecord>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'when',
      title: t('kinds.audit.when'),
      sortBy: ({ time }) => time,
      show: ({ time }) => <Age at={time} />,
    },
    {
      key: 'who',
      title: t('kinds.audit.who'),
      sortBy: ({ user }) => user,
      show: ({ user, impersonator }) => (impersonator === undefined ? user : `${impersonator} → ${user}`),
    },
    {
      key: 'what',
      title: t('kinds.audit.what'),
      sortBy: ({ verb }) => verb,
      show: ({ verb, subresource, dryRun }) => (
        <>
          {subresource === undefined ? verb : `${verb} ${subresource}`}{' '}
          {dryRun === true ? <Label isCompact>{t('kinds.audit.dryRun')}</Label> : null}
        </>
      ),
    },
    {
      key: 'result',
      title: t('kinds.audit.result'),
      sortBy: ({ decision }) => decision,
      show: ({ decision, code, reason }) => (
        <>
          <Label isCompact status={decision === 'allow' ? 'success' : 'danger'}>
            {t(decision === 'allow' ? 'kinds.audit.allowed' : 'kinds.audit.refused')}
          </Label>{' '}
          {[code, reason].filter((part) => part !== undefined && part !== '').join(' ')}
        </>
      ),
    },
    {
      key: 'from',
      title: t('kinds.audit.from'),
      show: ({ address, userAgent }) => address ?? userAgent ?? '',
    },
  ];
};

export const ObjectAudit = ({
  kind: { group, plural },
  name,
  namespace,
}: {
  readonly kind: Pick<KindReference, 'group' | 'plural'>;
  readonly name: string;
  readonly namespace: string;
}) => {
  const { t } = useTranslation();
  const columns = useColumns();
  const resource = group === '' ? plural : `${plural}.${group}`;
  const about = { resource, name, limit: pageRows, ...(namespace === '' ? {} : { namespace }) };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ['audit', about],
    queryFn: ({ pageParam, signal }) =>
      client.audit.page(pageParam === '' ? about : { ...about, continue: pageParam }, { signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.continue,
    retry: false,
    staleTime: 0,
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  const rows = data.pages.flatMap(({ items }) => items);
  return (
    <>
      {rows.length === 0 ? (
        <Nothing title={t('kinds.audit.empty')} />
      ) : (
        <DataTable
          label={t('kinds.audit.list')}
          columns={columns}
          rows={rows}
          keyOf={({ seq }) => String(seq)}
        />
      )}
      {hasNextPage ? (
        <Button variant="link" isLoading={isFetching} onClick={() => void fetchNextPage()}>
          {t('kinds.audit.more')}
        </Button>
      ) : null}
    </>
  );
};
