// One user: who they are, from where they come, what they have open, and what gives them rights.
import type { User } from '@drover/api';
import type { CredentialInfo } from '@drover/client';
import { Stack, StackItem, Title } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { GrantList } from './grant-list.tsx';
import type { AccessModel } from './model.ts';

interface PanelProps {
  readonly user: User;
  readonly onDialog: (dialog: ReactNode) => void;
}

const useCredentials = (name: string) =>
  useQuery({
    queryKey: ['credentials', name],
    queryFn: ({ signal }) => client.credentialsOf(name, { signal }),
  });

const titleOf = ({ kind, description, method, address }: CredentialInfo): string =>
  kind === 'token' || kind === 'certificate'
    ? description
    : [method, address].filter((part) => part !== undefined).join(' · ');

const Credentials = ({ user, onDialog }: PanelProps) => {
  const { t } = useTranslation();
  const name = user.metadata.name ?? '';
  const queries = useQueryClient();
  const { data, error, refetch } = useCredentials(name);
  const mayRevoke = useCan(can.revokeCredentials(name));
  const revoke = (credential: CredentialInfo): void =>
    onDialog(
      <Confirm
        onClose={() => onDialog(null)}
        asked={{
          title: t('access.credentials.revokeTitle', { what: titleOf(credential) }),
          body: t('access.credentials.revokeBody'),
          action: t('access.credentials.revoke'),
          run: async () => {
            await client.revokeOf(name, credential.id);
            await queries.invalidateQueries({ queryKey: ['credentials', name] });
            confirmDone(t('access.credentials.revoked'));
          },
        }}
      />,
    );
  const columns: readonly Column<CredentialInfo>[] = [
    {
      key: 'kind',
      title: t('access.credentials.what'),
      show: (row) => `${t(`access.credentials.${row.kind ?? 'session'}`)}: ${titleOf(row)}`,
    },
    {
      key: 'used',
      title: t('access.credentials.lastUsed'),
      show: ({ lastUsedAt }) => <Age at={lastUsedAt} />,
    },
    { key: 'ends', title: t('access.credentials.ends'), show: ({ expiresAt }) => <Age at={expiresAt} /> },
    {
      key: 'revoke',
      title: t('ui.actions'),
      show: (row) => (
        <ActionButton
          variant="link"
          isInline
          isDanger
          able={mayRevoke}
          aria-label={t('access.credentials.revokeNamed', { what: titleOf(row) })}
          onClick={() => revoke(row)}
        >
          {t('access.credentials.revoke')}
        </ActionButton>
      ),
    },
  ];
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  if (data.length === 0) return <>{t('access.credentials.none')}</>;
  return (
    <DataTable label={t('access.credentials.title')} columns={columns} rows={data} keyOf={({ id }) => id} />
  );
};

const Origin = ({ user }: { readonly user: User }) => {
  const { t } = useTranslation();
  const { identities = [], externalGroups = [] } = user.status ?? {};
  if (identities.length === 0) return <>{t('access.users.local')}</>;
  return (
    <>
      {identities.map(({ method, subject }) => (
        <div key={`${method}/${subject}`}>{t('access.users.from', { method, subject })}</div>
      ))}
      {externalGroups.length === 0 ? null : (
        <div>{t('access.users.bringsGroups', { groups: externalGroups.join(', ') })}</div>
      )}
    </>
  );
};

export const UserPanel = ({ user, model, onDialog }: PanelProps & { readonly model: AccessModel }) => {
  const { t } = useTranslation();
  const name = user.metadata.name ?? '';
  const { recoveryCodes = 0, passkeys = 0 } = user.status?.signIn ?? {};
  const part = (title: string, body: ReactNode) => (
    <StackItem>
      <Title headingLevel="h3">{title}</Title>
      {body}
    </StackItem>
  );
  return (
    <Stack hasGutter>
      <StackItem>
        <Facts
          facts={[
            [t('access.displayName'), user.spec.displayName ?? t('ui.none')],
            [t('access.users.email'), user.spec.email ?? t('ui.none')],
            [t('access.users.origin'), <Origin key="origin" user={user} />],
            [t('access.requireSecondFactor'), user.spec.requireSecondFactor ? t('ui.yes') : t('ui.no')],
            [t('access.ways.passkeys'), passkeys],
            [t('access.ways.recoveryCodes'), recoveryCodes],
            [t('ui.created'), <Age key="created" at={user.metadata.creationTimestamp} />],
          ]}
        />
      </StackItem>
      {part(t('access.credentials.title'), <Credentials user={user} onDialog={onDialog} />)}
      {part(t('access.grants'), <GrantList grants={model.grantsOf({ kind: 'User', name }, '')} />)}
    </Stack>
  );
};
