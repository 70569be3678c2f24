// For who must enrol a second factor before anything else: the controller lets the session do nothing but that.
import {
  Alert,
  Button,
  Masthead,
  MastheadBrand,
  MastheadMain,
  Page,
  PageSection,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { signOut } from '../../api/session.ts';
import { Logo } from '../../app/logo.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { Toasts } from '../../ui/toasts.tsx';
import { useAccount, usePasskeys } from './own.ts';
import { Passkeys } from './passkeys.tsx';
import { Totp } from './totp.tsx';

/** `error`: what the controller said to somebody who does not wait for that. */
export const EnrolFirst = ({ error }: { readonly error: unknown }) => {
  const { t } = useTranslation();
  const { data: account, error: unknown, refetch } = useAccount();
  const { data: passkeys = [] } = usePasskeys(account?.noPasskeys === '');
  if (unknown !== null) return <Problem error={unknown} onRetry={() => void refetch()} />;
  if (account === undefined) return <Loading />;
  if (!account.waits) return <Problem error={error} />;
  const isDone = account.totp || passkeys.length > 0;
  return (
    <Page
      className="pf-m-no-sidebar"
      masthead={
        <Masthead>
          <MastheadMain>
            <MastheadBrand>
              <Logo />
            </MastheadBrand>
          </MastheadMain>
        </Masthead>
      }
    >
      <PageHead
        title={t('account.enrol.title')}
        description={t('account.signedIn', { user: account.user })}
        actions={
          <Button variant={isDone ? 'primary' : 'secondary'} onClick={() => void signOut()}>
            {t('shell.signOut')}
          </Button>
        }
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <Stack hasGutter>
          <StackItem>
            <Alert
              isInline
              variant={isDone ? 'success' : 'info'}
              title={t(isDone ? 'account.enrol.done' : 'account.enrol.about')}
            />
          </StackItem>
          <StackItem>
            <Totp account={account} />
          </StackItem>
          <StackItem>
            <Passkeys account={account} />
          </StackItem>
        </Stack>
      </PageSection>
      <Toasts />
    </Page>
  );
};
