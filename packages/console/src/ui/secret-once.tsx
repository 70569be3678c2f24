// Shows what is shown once only - a token, a link, recovery codes - with a way to take it along.
import {
  Alert,
  Button,
  ClipboardCopy,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export const SecretOnce = ({
  title,
  label,
  secret,
  onClose,
  children,
}: {
  readonly title: string;
  /** What it is. */
  readonly label: string;
  readonly secret: string;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}) => {
  const { t } = useTranslation();
  const lines = secret.split('\n').length;
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="secret-title">
      <ModalHeader title={title} labelId="secret-title" />
      <ModalBody tabIndex={0}>
        <Stack hasGutter>
          <StackItem>
            <Alert isInline variant="warning" title={t('ui.shownOnce')} />
          </StackItem>
          {children === undefined ? null : <StackItem>{children}</StackItem>}
          <StackItem>
            <ClipboardCopy
              isReadOnly
              isCode
              hoverTip={t('ui.copy')}
              clickTip={t('ui.copied')}
              textAriaLabel={label}
              toggleAriaLabel={t('ui.showAll')}
              {...(lines > 1 ? { variant: 'expansion', isExpanded: true } : {})}
            >
              {secret}
            </ClipboardCopy>
          </StackItem>
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>{t('ui.done')}</Button>
      </ModalFooter>
    </Modal>
  );
};
