// Enrolment tokens with what is left of them, and the way to end one.
import type { EnrollmentToken } from '@drover/api';
import { tokenProblem } from '@drover/api/enrolment';
import { enrollmentTokens } from '@drover/client/kinds';
import { Button, Content, Label } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { nowMs } from '../../ui/clock.ts';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { toLabelText } from './label-fields.tsx';

const tokenName = ({ metadata }: EnrollmentToken): string => metadata.name ?? '';
const usesOf = ({ status }: EnrollmentToken): number => status?.uses ?? 0;

const useColumns = (
  onShow: (name: string) => void,
  onRevoke: (token: EnrollmentToken) => void,
): readonly Column<EnrollmentToken>[] => {
  const { t } = useTranslation();
  const able = useCan(can.changeTokens());
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: tokenName,
      show: (token) => (
        <Button variant="link" isInline onClick={() => onShow(tokenName(token))}>
          {tokenName(token)}
        </Button>
      ),
    },
    {
      key: 'state',
      title: t('ui.status'),
      show: (token) => {
        const problem = tokenProblem(token, nowMs());
        return (
          <Label isCompact {...(problem === undefined ? { status: 'success' } : {})}>
            {t(`nodes.tokens.state.${problem ?? 'active'}`)}
          </Label>
        );
      },
    },
    {
      key: 'uses',
      title: t('nodes.tokens.left'),
      sortBy: (token) => token.spec.maxUses - usesOf(token),
      show: (token) =>
        t('nodes.tokens.leftOf', {
          left: Math.max(0, token.spec.maxUses - usesOf(token)),
          all: token.spec.maxUses,
        }),
    },
    {
      key: 'approval',
      title: t('nodes.tokens.approval'),
      show: ({ spec }) => t(`nodes.tokens.by.${spec.approval}`),
    },
    {
      key: 'expires',
      title: t('nodes.tokens.expires'),
      sortBy: ({ spec }) => spec.expiresAt ?? '',
      show: ({ spec }) => <Age at={spec.expiresAt} />,
    },
    {
      key: 'labels',
      title: t('ui.labels'),
      show: ({ spec }) =>
        Object.entries(spec.labels ?? {})
          .map(toLabelText)
          .join(', '),
    },
    {
      key: 'whole',
      title: t('ui.details'),
      show: (token) => (
        <Link to={paths.object(enrollmentTokens, '', tokenName(token), 'yaml')}>{t('ui.wholeObject')}</Link>
      ),
    },
    {
      key: 'revoke',
      title: t('ui.actions'),
      show: (token) => (
        <ActionButton
          variant="link"
          isDanger
          isInline
          able={able}
          isDisabled={tokenProblem(token, nowMs()) !== undefined}
          aria-label={t('nodes.tokens.revokeOne', { name: tokenName(token) })}
          onClick={() => onRevoke(token)}
        >
          {t('nodes.tokens.revoke')}
        </ActionButton>
      ),
    },
  ];
};

export const TokenList = ({
  tokens,
  onShow,
}: {
  readonly tokens: readonly EnrollmentToken[];
  readonly onShow: (name: string) => void;
}) => {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Confirmation>();
  const askToRevoke = (token: EnrollmentToken): void =>
    setAsked({
      title: t('nodes.tokens.revokeAsk', { name: tokenName(token) }),
      body: t('nodes.tokens.revokeMeans'),
      action: t('nodes.tokens.revoke'),
      run: async () => {
        const body = { spec: { revoked: true } };
        await client.patch(enrollmentTokens, tokenName(token), { type: 'merge', body });
        confirmDone(t('nodes.tokens.revoked'));
      },
    });
  const columns = useColumns(onShow, askToRevoke);
  if (tokens.length === 0) return <Content component="p">{t('nodes.tokens.none')}</Content>;
  return (
    <>
      <DataTable label={t('nodes.tokens.title')} columns={columns} rows={tokens} keyOf={tokenName} />
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};
