// One's own client certificates. They are made by the command line, where the key has to stay.
import type { CredentialInfo } from '@drover/client';
import { Button, Card, CardBody, CardTitle, Content } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { Age } from '../../ui/age.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useAskAnew, useOwn } from './own.ts';

export const Certificates = () => {
  const { t } = useTranslation();
  const { data, error, refetch } = useOwn('certificate');
  const askAnew = useAskAnew();
  const [asked, setAsked] = useState<Confirmation>();
  const revoke = ({ id, description }: CredentialInfo): void =>
    setAsked({
      title: t('account.certificates.revokeTitle', { description }),
      body: t('account.certificates.revokeBody'),
      action: t('account.revoke'),
      run: async () => {
        await client.revokeOwn('certificate', id);
        await askAnew();
        confirmDone(t('account.certificates.revoked', { description }));
      },
    });
  const columns: readonly Column<CredentialInfo>[] = [
    { key: 'for', title: t('account.tokens.description'), show: ({ description }) => description },
    {
      key: 'groups',
      title: t('account.certificates.groups'),
      show: ({ groups = [] }) => groups.join(', ') || '-',
    },
    { key: 'made', title: t('ui.created'), show: ({ createdAt }) => <Age at={createdAt} /> },
    { key: 'used', title: t('account.lastUsed'), show: ({ lastUsedAt }) => <Age at={lastUsedAt} /> },
    { key: 'ends', title: t('account.ends'), show: ({ expiresAt }) => <Age at={expiresAt} /> },
    {
      key: 'revoke',
      title: t('ui.actions'),
      show: (one) => (
        <Button
          variant="link"
          isInline
          isDanger
          aria-label={t('account.certificates.revokeNamed', { description: one.description })}
          onClick={() => revoke(one)}
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
      <CardTitle component="h2">{t('account.certificates.title')}</CardTitle>
      <CardBody>
        {data.length === 0 ? null : (
          <DataTable
            label={t('account.certificates.title')}
            columns={columns}
            rows={data}
            keyOf={({ id }) => id}
          />
        )}
        <Content component="p">{t('account.certificates.make')}</Content>
        <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      </CardBody>
    </Card>
  );
};
