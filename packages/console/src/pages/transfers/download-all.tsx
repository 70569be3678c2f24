// Everything that a pull brought, from all nodes, as one archive.
import type { FileTransfer } from '@drover/api';
import { toPullOutcome } from '@drover/client/outcome';
import { Alert } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ActionButton } from '../../ui/action-button.tsx';
import { BytesProgress } from '../../ui/bytes-progress.tsx';
import { nowMs } from '../../ui/clock.ts';
import { download } from '../../ui/download.ts';
import { useResults } from '../work/results.ts';
import { createSpeed } from '../work/speed.ts';
import { nameOf } from '../work/work.ts';
import { tarOfAll } from './collect.ts';

interface Going {
  readonly stop: AbortController;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
}

export const DownloadAll = ({ transfer }: { readonly transfer: FileTransfer }) => {
  const { t } = useTranslation();
  const {
    value: { tasks },
  } = useResults(transfer);
  const [going, setGoing] = useState<Going>();
  const [problem, setProblem] = useState('');
  const sent = tasks.filter((task) => toPullOutcome(task).manifest !== '');
  const start = async (): Promise<void> => {
    const stop = new AbortController();
    const totalBytes = sent.reduce((sum, task) => sum + toPullOutcome(task).sizeBytes, 0);
    const speed = createSpeed();
    let doneBytes = 0;
    setProblem('');
    setGoing({ stop, doneBytes, totalBytes, bytesPerSecond: 0 });
    const onBytes = (count: number): void => {
      doneBytes += count;
      setGoing({ stop, doneBytes, totalBytes, bytesPerSecond: speed(doneBytes, nowMs()) });
    };
    try {
      const archive = await tarOfAll(sent, transfer.spec.path, onBytes, stop.signal);
      download(`${nameOf(transfer)}.tar`, [archive], 'application/x-tar');
    } catch (error) {
      if (!stop.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setGoing(undefined);
    }
  };
  if (going !== undefined) {
    const { stop, ...progress } = going;
    return (
      <BytesProgress
        title={t('transfers.collecting')}
        {...progress}
        onCancel={() => stop.abort(new Error('cancelled'))}
      />
    );
  }
  return (
    <>
      {problem === '' ? null : <Alert isInline isPlain variant="danger" title={problem} />}
      <ActionButton
        able={sent.length === 0 ? { allowed: false, reason: t('transfers.sentNothing') } : undefined}
        variant="secondary"
        onClick={() => void start()}
      >
        {t('transfers.downloadAll')}
      </ActionButton>
    </>
  );
};
