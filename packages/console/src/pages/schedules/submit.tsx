// A form that is sent: what went wrong stands above its button, in the controller's words, and what was typed stays.
import { ActionGroup, Alert, Button, Form } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ActionButton, type Allowed } from '../../ui/action-button.tsx';

export const SubmitForm = ({
  label,
  action,
  able,
  onSubmit,
  onCancel,
  children,
}: {
  readonly label: string;
  /** On the button: a verb. */
  readonly action: string;
  readonly able: Allowed;
  readonly onSubmit: () => Promise<void>;
  readonly onCancel: () => void;
  readonly children: ReactNode;
}) => {
  const { t } = useTranslation();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      await onSubmit();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form
      aria-label={label}
      style={{ maxWidth: '52rem' }}
      onSubmit={(event) => {
        event.preventDefault();
        if (able.allowed) void submit();
      }}
    >
      {children}
      {problem === '' ? null : <Alert isInline variant="danger" component="h2" title={problem} />}
      <ActionGroup>
        <ActionButton able={able} type="submit" variant="primary" isLoading={isBusy} isDisabled={isBusy}>
          {action}
        </ActionButton>
        <Button variant="link" onClick={onCancel}>
          {t('ui.cancel')}
        </Button>
      </ActionGroup>
    </Form>
  );
};
