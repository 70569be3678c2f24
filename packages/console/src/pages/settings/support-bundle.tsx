// What somebody who looks for a fault asks for, as one file.
import { Alert, Card, CardBody, CardTitle, Content } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { nowMs } from '../../ui/clock.ts';
import { download } from '../../ui/download.ts';
import { confirmDone } from '../../ui/toasts.tsx';

/** A few MiB at most: the log in it is cut, and all is compressed. */
const readBundle = async (): Promise<readonly BlobPart[]> => {
  const parts: BlobPart[] = [];
  for await (const part of client.supportBundle()) parts.push(Uint8Array.from(part));
  return parts;
};

const newName = (): string =>
  `drover-support-${new Date(nowMs()).toISOString().slice(0, 19).replace(/[:-]/g, '')}Z.tar.gz`;

export const SupportBundle = () => {
  const { t } = useTranslation();
  const mayTake = useCan(can.takeSupportBundle());
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const take = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      download(newName(), await readBundle(), 'application/gzip');
      confirmDone(t('settings.bundle.done'));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card>
      <CardTitle component="h2">{t('settings.bundle.title')}</CardTitle>
      <CardBody>
        <Content component="p">{t('settings.bundle.has')}</Content>
        <Content component="p">{t('settings.bundle.hasNot')}</Content>
        {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
        <ActionButton
          variant="secondary"
          able={mayTake}
          isLoading={isBusy}
          isDisabled={isBusy}
          onClick={() => void take()}
        >
          {t('settings.bundle.take')}
        </ActionButton>
      </CardBody>
    </Card>
  );
};
