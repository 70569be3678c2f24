// The states that every list and page has besides its content: loading, empty, failed.
import { ApiError } from '@drover/api/errors';
import {
  Alert,
  AlertActionLink,
  Bullseye,
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Spinner,
} from '@patternfly/react-core';
import { CubesIcon, ExclamationCircleIcon, LockIcon, SearchIcon } from '@patternfly/react-icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export const Loading = () => {
  const { t } = useTranslation();
  return (
    <Bullseye>
      <Spinner aria-label={t('ui.loading')} />
    </Bullseye>
  );
};

/** What the controller said, and a way on. */
export const Problem = ({
  error,
  onRetry,
}: {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
}) => {
  const { t } = useTranslation();
  const isForbidden = error instanceof ApiError && error.reason === 'Forbidden';
  return (
    <EmptyState
      headingLevel="h2"
      icon={isForbidden ? LockIcon : ExclamationCircleIcon}
      titleText={isForbidden ? t('ui.notAllowed') : t('ui.failed')}
      status={isForbidden ? 'info' : 'danger'}
    >
      <EmptyStateBody>{error instanceof Error ? error.message : String(error)}</EmptyStateBody>
      {onRetry === undefined ? null : (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="primary" onClick={onRetry}>
              {t('ui.retry')}
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
};

/** What stands below is not all, and why no more comes. */
export const Partial = ({
  error,
  onRetry,
  isNothing = false,
}: {
  readonly error: unknown;
  /** Not even a part of it is there. */
  readonly isNothing?: boolean;
  readonly onRetry?: (() => void) | undefined;
}) => {
  const { t } = useTranslation();
  return (
    <Alert
      isInline
      variant="warning"
      title={t(isNothing ? 'ui.failed' : 'ui.partial')}
      actionLinks={
        onRetry === undefined ? null : <AlertActionLink onClick={onRetry}>{t('ui.retry')}</AlertActionLink>
      }
    >
      {error instanceof Error ? error.message : String(error)}
    </Alert>
  );
};

export const Nothing = ({
  title,
  children,
  actions,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) => (
  <EmptyState headingLevel="h2" icon={CubesIcon} titleText={title}>
    {children === undefined ? null : <EmptyStateBody>{children}</EmptyStateBody>}
    {actions === undefined ? null : (
      <EmptyStateFooter>
        <EmptyStateActions>{actions}</EmptyStateActions>
      </EmptyStateFooter>
    )}
  </EmptyState>
);

export const NothingFound = ({ onClear }: { readonly onClear: () => void }) => {
  const { t } = useTranslation();
  return (
    <EmptyState headingLevel="h2" icon={SearchIcon} titleText={t('ui.nothingFound')}>
      <EmptyStateBody>{t('ui.nothingFoundBody')}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={onClear}>
            {t('ui.clearFilter')}
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
};
