// Where one is signed in.
import type { CredentialInfo } from '@drover/client';
import { Button, Card, CardBody, CardTitle, Label } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { Age } from '../../ui/age.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useAskAnew, useOwn } from './own.ts';

/** 'Firefox', 'Chrome' ...; what cannot be told is shown as it is. */
const browserOf = (agent: string): string => {
  const known = [
    [/Edg\//, 'Edge'],
    [/Firefox\//, 'Firefox'],
    [/Chrom(e|ium)\//, 'Chrome'],
    [/Safari\//, 'Safari'],
  ] as const;
  return known.find(([pattern]) => pattern.test(agent))?.[1] ?? agent;
};

export const Sessions = () => {
  const { t } = useTranslation();
  const { data, error, refetch } = useOwn('session');
  const askAnew = useAskAnew();
  const [asked, setAsked] = useState<Confirmation>();
  const ask = (body: string, run: () => Promise<unknown>): void =>
    setAsked({
      title: t('account.sessions.revokeTitle'),
      body,
      action: t('account.revoke'),
      run: async () => {
        await run();
        await askAnew();
        confirmDone(t('account.sessions.revoked'));
      },
    });
  const columns: readonly Column<CredentialInfo>[] = [
    {
      key: 'began',
      title: t('account.sessions.began'),
      show: ({ createdAt, current }) => (
        <>
          <Age at={createdAt} />{' '}
          {current ? (
            <Label isCompact color="blue">
              {t('account.sessions.this')}
            </Label>
          ) : null}
        </>
      ),
    },
    { key: 'by', title: t('account.sessions.by'), show: ({ method }) => method ?? '' },
    { key: 'from', title: t('account.sessions.from'), show: ({ address }) => address ?? '' },
    {
      key: 'browser',
      title: t('account.sessions.browser'),
      show: ({ agent = '' }) => <span title={agent}>{browserOf(agent)}</span>,
    },
    { key: 'used', title: t('account.lastUsed'), show: ({ lastUsedAt }) => <Age at={lastUsedAt} /> },
    { key: 'ends', title: t('account.ends'), show: ({ expiresAt }) => <Age at={expiresAt} /> },
    {
      key: 'revoke',
      title: t('ui.actions'),
      show: ({ id, current, address = '' }) =>
        current ? null : (
          <Button
            variant="link"
            isInline
            isDanger
            aria-label={t('account.sessions.revokeNamed', { address })}
            onClick={() =>
              ask(t('account.sessions.revokeBody', { address }), () => client.revokeOwn('session', id))
            }
          >
            {t('account.revoke')}
          </Button>
        ),
    },
  ];
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  return (
    <Card>
      <CardTitle component="h2">{t('account.sessions.title')}</CardTitle>
      <CardBody>
        <DataTable label={t('account.sessions.title')} columns={columns} rows={data} keyOf={({ id }) => id} />
        <Button
          variant="secondary"
          isDanger
          isDisabled={data.length < 2}
          onClick={() => ask(t('account.sessions.othersBody'), () => client.revokeOtherSessions())}
        >
          {t('account.sessions.revokeOthers')}
        </Button>
        <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      </CardBody>
    </Card>
  );
};
