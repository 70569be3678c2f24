// One's own API tokens.
import type { CredentialInfo } from '@drover/client';
import { Button, Card, CardBody, CardTitle, Content } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useRuleWords } from '../access/rule-words.tsx';
import { useAskAnew, useOwn } from './own.ts';
import { TokenForm } from './token-form.tsx';

export const Tokens = () => {
  const { t } = useTranslation();
  const { data, error, refetch } = useOwn('token');
  const askAnew = useAskAnew();
  const words = useRuleWords();
  const mayMake = useCan(can.makeApiTokens());
  const [isMaking, setMaking] = useState(false);
  const [asked, setAsked] = useState<Confirmation>();
  const revoke = ({ id, description }: CredentialInfo): void =>
    setAsked({
      title: t('account.tokens.revokeTitle', { description }),
      body: t('account.tokens.revokeBody'),
      action: t('account.revoke'),
      run: async () => {
        await client.revokeOwn('token', id);
        await askAnew();
        confirmDone(t('account.tokens.revoked', { description }));
      },
    });
  const boundsOf = ({ rules, namespaces }: CredentialInfo): string => {
    const parts = [
      ...(namespaces === undefined ? [] : [t('account.tokens.in', { names: namespaces.join(', ') })]),
      ...(rules ?? []).map(words),
    ];
    return parts.length === 0 ? t('account.tokens.asYou') : parts.join('; ');
  };
  const columns: readonly Column<CredentialInfo>[] = [
    { key: 'for', title: t('account.tokens.description'), show: ({ description }) => description },
    { key: 'may', title: t('account.tokens.may'), show: boundsOf },
    { key: 'made', title: t('ui.created'), show: ({ createdAt }) => <Age at={createdAt} /> },
    { key: 'used', title: t('account.lastUsed'), show: ({ lastUsedAt }) => <Age at={lastUsedAt} /> },
    { key: 'ends', title: t('account.ends'), show: ({ expiresAt }) => <Age at={expiresAt} /> },
    {
      key: 'revoke',
      title: t('ui.actions'),
      show: (token) => (
        <Button
          variant="link"
          isInline
          isDanger
          aria-label={t('account.tokens.revokeNamed', { description: token.description })}
          onClick={() => revoke(token)}
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
      <CardTitle component="h2">{t('account.tokens.title')}</CardTitle>
      <CardBody>
        {data.length === 0 ? (
          <Content component="p">{t('account.tokens.none')}</Content>
        ) : (
          <DataTable label={t('account.tokens.title')} columns={columns} rows={data} keyOf={({ id }) => id} />
        )}
        <ActionButton variant="secondary" able={mayMake} onClick={() => setMaking(true)}>
          {t('account.tokens.make')}
        </ActionButton>
        {isMaking ? <TokenForm onClose={() => setMaking(false)} /> : null}
        <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      </CardBody>
    </Card>
  );
};
