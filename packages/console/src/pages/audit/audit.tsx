// Who did what: the audit trail, newest first, as it is and as it grows.
import type { AuditRecord } from '@drover/api';
import { Alert, Button, Flex, Label, PageSection, Stack, StackItem, Switch } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { SidePanel } from '../../ui/side-panel.tsx';
import { Loading, NothingFound, Problem } from '../../ui/states.tsx';
import { ExportButton } from './export-button.tsx';
import { Filters } from './filters.tsx';
import { useFollowed } from './follow.ts';
import { useAuditFilter, useAuditPages } from './query.ts';
import { RowPanel, whatOf } from './row-panel.tsx';
import { useVerification, VerdictAlert, VerifyButton } from './verify.tsx';

const useColumns = (onOpen: (seq: string) => void): readonly Column<AuditRecord>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'seq',
      title: t('audit.number'),
      show: ({ seq }) => (
        <Button
          variant="link"
          isInline
          aria-label={t('audit.open', { seq })}
          onClick={() => onOpen(String(seq))}
        >
          {seq}
        </Button>
      ),
    },
    { key: 'time', title: t('audit.when'), show: ({ time }) => <Age at={time} /> },
    {
      key: 'user',
      title: t('audit.fields.user'),
      show: ({ user, impersonator }) =>
        impersonator === undefined ? user || t('audit.nobody') : t('audit.as', { impersonator, user }),
    },
    { key: 'verb', title: t('audit.fields.verb'), show: ({ verb }) => verb },
    { key: 'what', title: t('audit.what'), show: whatOf },
    {
      key: 'decision',
      title: t('audit.decision'),
      show: ({ decision, code }) => (
        <Label isCompact status={decision === 'allow' ? 'success' : 'danger'}>
          {`${t(`audit.${decision}`)}${code === undefined ? '' : ` ${code}`}`}
        </Label>
      ),
    },
    { key: 'from', title: t('audit.from'), show: ({ address }) => address ?? '' },
  ];
};

/** One row by its number; it may be far from what is shown. */
const useRow = (rows: readonly AuditRecord[], seq: string) => {
  const known = rows.find((row) => String(row.seq) === seq);
  const { data } = useQuery({
    queryKey: ['audit-row', seq],
    enabled: known === undefined && /^[1-9]\d*$/.test(seq),
    queryFn: async ({ signal }) => {
      const query = { order: 'oldest', after: Number(seq) - 1, limit: 1 } as const;
      return (await client.audit.page(query, { signal })).items[0] ?? null;
    },
  });
  return known ?? (data?.seq === Number(seq) ? data : undefined);
};

export const Audit = () => {
  const { t } = useTranslation();
  const filters = useAuditFilter();
  const pages = useAuditPages(filters.filter);
  const [follow, setFollow] = useParameter('follow');
  const [open, setOpen] = useParameter('row');
  const [problem, setProblem] = useState('');
  const verification = useVerification();
  const columns = useColumns(setOpen);
  const fetched = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  const newest = pages.data === undefined ? undefined : (fetched[0]?.seq ?? 0);
  const followed = useFollowed(filters.filter, follow === '1' ? newest : undefined);
  const rows = [...followed.rows, ...fetched];
  const shown = useRow(rows, open);
  const more = (): void => {
    if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage();
  };
  const body = (): ReactNode => {
    if (pages.data === undefined)
      return pages.error === null ? (
        <Loading />
      ) : (
        <Problem error={pages.error} onRetry={() => void pages.refetch()} />
      );
    if (rows.length === 0 && !pages.hasNextPage) return <NothingFound onClear={filters.clear} />;
    return (
      <>
        <DataTable
          label={t('audit.rows')}
          columns={columns}
          rows={rows}
          keyOf={({ seq }) => String(seq)}
          onEnd={more}
        />
        {pages.hasNextPage ? (
          <Button variant="link" isLoading={pages.isFetchingNextPage} onClick={more}>
            {t('audit.more')}
          </Button>
        ) : null}
      </>
    );
  };
  return (
    <>
      <PageHead
        title={t('shell.pages.audit')}
        actions={
          <Flex alignItems={{ default: 'alignItemsCenter' }}>
            <Switch
              id="follow"
              label={t('audit.follow')}
              isChecked={follow === '1'}
              onChange={(_event, isOn) => setFollow(isOn ? '1' : '')}
            />
            <VerifyButton {...verification} />
            <ExportButton filter={filters.filter} onProblem={setProblem} />
          </Flex>
        }
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <SidePanel
          title={t('audit.row', { seq: open })}
          onClose={() => setOpen('')}
          panel={shown === undefined ? undefined : <RowPanel row={shown} />}
        >
          <Stack hasGutter>
            <StackItem>
              <VerdictAlert {...verification} />
              {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
              {followed.error === undefined ? null : (
                <Alert isInline variant="warning" title={String(followed.error)} />
              )}
              <Filters {...filters} />
            </StackItem>
            <StackItem>{body()}</StackItem>
          </Stack>
        </SidePanel>
      </PageSection>
    </>
  );
};
