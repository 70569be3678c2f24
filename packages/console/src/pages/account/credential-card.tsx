// One's own tokens or certificates: what each is for, when it was used, and that it is taken back.
import type { CredentialInfo } from '@drover/client';
import { Button, Card, CardBody, CardTitle } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { Age } from '../../ui/age.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useAskAnew, useOwn } from './own.ts';

const sections = { token: 'tokens', certificate: 'certificates' } as const;

const useColumns = (
  kind: keyof typeof sections,
  bounds: Column<CredentialInfo>,
  ask: (confirmation: Confirmation) => void,
): readonly Column<CredentialInfo>[] => {
  const { t } = useTranslation();
  const askAnew = useAskAnew();
  const section = sections[kind];
  const revoke = ({ id, description }: CredentialInfo): void =>
    ask({
      title: t(`account.${section}.revokeTitle`, { description }),
      body: t(`account.${section}.revokeBody`),
      action: t('account.revoke'),
      run: async () => {
        await client.revokeOwn(kind, id);
        await askAnew();
        confirmDone(t(`account.${section}.revoked`, { description }));
      },
    });
  return [
    { key: 'for', title: t('account.tokens.description'), show: ({ description }) => description },
    bounds,
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
          aria-label={t(`account.${section}.revokeNamed`, { description: one.description })}
          onClick={() => revoke(one)}
        >
          {t('account.revoke')}
        </Button>
      ),
    },
  ];
};

export const CredentialCard = ({
  kind,
  bounds,
  none,
  children,
}: {
  readonly kind: keyof typeof sections;
  /** The column that says what it is good for. */
  readonly bounds: Column<CredentialInfo>;
  /** In place of the list where there are none. */
  readonly none: ReactNode;
  /** How one more is made. */
  readonly children: ReactNode;
}) => {
  const { t } = useTranslation();
  const { data, error, refetch } = useOwn(kind);
  const [asked, setAsked] = useState<Confirmation>();
  const columns = useColumns(kind, bounds, setAsked);
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  const title = t(`account.${sections[kind]}.title`);
  return (
    <Card>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        {data.length === 0 ? (
          none
        ) : (
          <DataTable label={title} columns={columns} rows={data} keyOf={({ id }) => id} />
        )}
        {children}
        <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      </CardBody>
    </Card>
  );
};
