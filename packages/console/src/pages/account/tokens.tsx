// One's own API tokens.
import type { CredentialInfo } from '@drover/client';
import { Content } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { useRuleWords } from '../access/rule-words.tsx';
import { CredentialCard } from './credential-card.tsx';
import { TokenForm } from './token-form.tsx';

export const Tokens = () => {
  const { t } = useTranslation();
  const words = useRuleWords();
  const mayMake = useCan(can.makeApiTokens());
  const [isMaking, setMaking] = useState(false);
  const boundsOf = ({ rules, namespaces }: CredentialInfo): string => {
    const parts = [
      ...(namespaces === undefined ? [] : [t('account.tokens.in', { names: namespaces.join(', ') })]),
      ...(rules ?? []).map(words),
    ];
    return parts.length === 0 ? t('account.tokens.asYou') : parts.join('; ');
  };
  return (
    <CredentialCard
      kind="token"
      bounds={{ key: 'may', title: t('account.tokens.may'), show: boundsOf }}
      none={<Content component="p">{t('account.tokens.none')}</Content>}
    >
      <ActionButton variant="secondary" able={mayMake} onClick={() => setMaking(true)}>
        {t('account.tokens.make')}
      </ActionButton>
      {isMaking ? <TokenForm onClose={() => setMaking(false)} /> : null}
    </CredentialCard>
  );
};
