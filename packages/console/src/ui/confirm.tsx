// Asks before something is lost, names it, and shows what went wrong without closing.
import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';

export interface Confirmation {
  readonly title: string;
  readonly body: ReactNode;
  /** On the button: a verb. */
  readonly action: string;
  /** False: nothing is lost by it. Default true. */
  readonly isDanger?: boolean;
  /** For what needs room, such as a diff. */
  readonly isWide?: boolean;
  readonly run: () => Promise<unknown>;
}

export const Confirm = ({
  asked,
  onClose,
}: {
  readonly asked: Confirmation | undefined;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  if (asked === undefined) return null;
  const { isDanger = true, isWide = false } = asked;
  const close = (): void => {
    setProblem('');
    onClose();
  };
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      await asked.run();
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant={isWide ? 'large' : 'small'} onClose={close} aria-labelledby="confirm-title">
      <ModalHeader
        title={asked.title}
        {...(isDanger ? { titleIconVariant: 'warning' } : {})}
        labelId="confirm-title"
      />
      <ModalBody>
        {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
        {asked.body}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={isDanger ? 'danger' : 'primary'}
          onClick={() => void run()}
          isLoading={isBusy}
          isDisabled={isBusy}
        >
          {asked.action}
        </Button>
        <Button variant="link" onClick={close}>
          {t('ui.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};
