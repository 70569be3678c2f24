// One's own account: how one signs in, where one is signed in, and the tokens and certificates of one's programs.
import { PageSection, Stack, StackItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { Certificates } from './certificates.tsx';
import { useAccount } from './own.ts';
import { Passkeys } from './passkeys.tsx';
import { Password } from './password.tsx';
import { Sessions } from './sessions.tsx';
import { Tokens } from './tokens.tsx';
import { Totp } from './totp.tsx';

export const Account = () => {
  const { t } = useTranslation();
  const { data, error, refetch } = useAccount();
  const body = (): ReactNode => {
    if (data === undefined)
      return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
    return (
      <Stack hasGutter>
        {[
          <Password key="password" account={data} />,
          <Totp key="totp" account={data} />,
          <Passkeys key="passkeys" account={data} />,
          <Sessions key="sessions" />,
          <Tokens key="tokens" />,
          <Certificates key="certificates" />,
        ].map((part) => (
          <StackItem key={part.key}>{part}</StackItem>
        ))}
      </Stack>
    );
  };
  return (
    <>
      <PageHead
        title={t('shell.pages.account')}
        {...(data === undefined ? {} : { description: t('account.signedIn', { user: data.user }) })}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        {body()}
      </PageSection>
    </>
  );
};
