// A form in a dialog: Enter sends it; what the controller says against it is shown in it, and nothing typed is lost.
import { Alert, Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

export const FormDialog = ({
  title,
  description,
  action,
  isReady = true,
  onSubmit,
  onClose,
  children,
}: {
  readonly title: string;
  readonly description?: ReactNode;
  /** On the button: a verb. */
  readonly action: string;
  /** False: something needed is lacking. */
  readonly isReady?: boolean;
  /** Once it is done the caller closes the dialog. */
  readonly onSubmit: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}) => {
  const { t } = useTranslation();
  const id = useId();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    // React tells a form around the dialog, too, which would be sent as well.
    event.stopPropagation();
    if (!isReady || isBusy) return;
    setProblem('');
    setBusy(true);
    try {
      await onSubmit();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} description={description} labelId={`${id}-title`} />
      <ModalBody tabIndex={0}>
        <Form id={id} onSubmit={(event) => void submit(event)}>
          {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
          {children}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={id} isDisabled={!isReady || isBusy} isLoading={isBusy}>
          {action}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('ui.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};
