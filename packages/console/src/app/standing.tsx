// Tells, above every page, that what it shows may be old: the controller does not answer, or the session has ended.
import { Alert, AlertActionLink, PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useIsCut } from '../api/connection.ts';
import { signInUrl } from '../api/session.ts';

export const Standing = ({ isEnded }: { readonly isEnded: boolean }) => {
  const { t } = useTranslation();
  const isCut = useIsCut();
  if (!isCut && !isEnded) return null;
  return (
    <PageSection hasBodyWrapper={false} padding={{ default: 'noPadding' }} role="status">
      {isCut ? <Alert isInline variant="warning" title={t('shell.offline')} /> : null}
      {isEnded ? (
        <Alert
          isInline
          variant="warning"
          title={t('shell.ended')}
          actionLinks={
            <AlertActionLink onClick={() => location.assign(signInUrl())}>
              {t('shell.signInAgain')}
            </AlertActionLink>
          }
        >
          {t('shell.endedBody')}
        </Alert>
      ) : null}
    </PageSection>
  );
};
