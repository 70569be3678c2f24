// Tells, above every page, that what it shows may be old: the controller does not answer, or the session has ended.
import { namespaces } from '@drover/client/kinds';
import { Alert, AlertActionLink, PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useIsCut } from '../api/connection.ts';
import { useLive } from '../api/live.ts';
import { useCan } from '../api/permissions.ts';
import { signInUrl } from '../api/session.ts';
import { can } from '../can.ts';

const Watching = (): null => {
  useLive(namespaces);
  return null;
};

/** One small watch under every page: those that watch nothing themselves would not hear that the controller has gone. */
const Presence = () => (useCan(can.any('watch', namespaces)).allowed ? <Watching /> : null);

const Ended = () => {
  const { t } = useTranslation();
  return (
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
  );
};

export const Standing = ({ isEnded }: { readonly isEnded: boolean }) => {
  const { t } = useTranslation();
  const isCut = useIsCut();
  return (
    <>
      <Presence />
      {isCut || isEnded ? (
        <PageSection hasBodyWrapper={false} padding={{ default: 'noPadding' }} role="status">
          {isCut ? <Alert isInline variant="warning" title={t('shell.offline')} /> : null}
          {isEnded ? <Ended /> : null}
        </PageSection>
      ) : null}
    </>
  );
};
