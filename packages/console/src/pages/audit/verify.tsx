// Whether the chain of the audit trail holds, in words.
import { Alert, AlertActionCloseButton } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';

type Verdict = Awaited<ReturnType<typeof client.audit.verify>>;

export const useVerification = () => {
  const [verdict, setVerdict] = useState<Verdict | undefined>();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const clear = (): void => {
    setVerdict(undefined);
    setProblem('');
  };
  const verify = async (): Promise<void> => {
    clear();
    setBusy(true);
    try {
      setVerdict(await client.audit.verify());
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return { verdict, problem, isBusy, verify, clear };
};

type Verification = ReturnType<typeof useVerification>;

export const VerifyButton = ({ isBusy, verify }: Verification) => {
  const { t } = useTranslation();
  const able = useCan(can.verifyAudit());
  return (
    <ActionButton variant="secondary" able={able} isLoading={isBusy} onClick={() => void verify()}>
      {t('audit.verify')}
    </ActionButton>
  );
};

export const VerdictAlert = ({ verdict, problem, clear }: Verification) => {
  const { t } = useTranslation();
  const close = <AlertActionCloseButton onClose={clear} />;
  if (problem !== '') return <Alert isInline variant="danger" title={problem} actionClose={close} />;
  if (verdict === undefined) return null;
  const { rows, first, head } = verdict;
  if (verdict.problem !== undefined)
    return (
      <Alert isInline variant="danger" title={t('audit.broken')} actionClose={close}>
        {t('audit.brokenBody', { seq: verdict.problem.seq, why: verdict.problem.why })}
      </Alert>
    );
  return (
    <Alert isInline variant="success" title={t('audit.whole')} actionClose={close}>
      {t('audit.wholeBody', { count: rows, first, last: head.seq, hash: head.hash })}
    </Alert>
  );
};
