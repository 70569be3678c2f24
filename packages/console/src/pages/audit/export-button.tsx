// Takes what is filtered along, as JSON lines. I1: at most `maxRows`: they are in the page's memory until they are saved.
import type { AuditFilter } from '@drover/api';
import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { download } from '../../ui/download.ts';
import { confirmDone } from '../../ui/toasts.tsx';

const maxRows = 200_000;
const pageRows = 1_000;
const tellEach = 1_000;

export const ExportButton = ({
  filter,
  onProblem,
}: {
  readonly filter: AuditFilter;
  readonly onProblem: (problem: string) => void;
}) => {
  const { t } = useTranslation();
  const [taken, setTaken] = useState<number>();
  const [stop, setStop] = useState<AbortController>();
  const take = async (): Promise<void> => {
    const abort = new AbortController();
    setStop(abort);
    setTaken(0);
    onProblem('');
    const lines: string[] = [];
    try {
      for await (const row of client.audit.all({ ...filter, limit: pageRows }, { signal: abort.signal })) {
        lines.push(`${JSON.stringify(row)}\n`);
        if (lines.length % tellEach === 0) setTaken(lines.length);
        if (lines.length === maxRows) break;
      }
      download('audit.jsonl', lines, 'application/jsonl');
      if (lines.length === maxRows) onProblem(t('audit.exportCut', { count: maxRows }));
      else confirmDone(t('audit.exported', { count: lines.length }));
    } catch (error) {
      if (!abort.signal.aborted) onProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setTaken(undefined);
    }
  };
  return taken === undefined ? (
    <Button variant="secondary" onClick={() => void take()}>
      {t('audit.export')}
    </Button>
  ) : (
    <Button variant="secondary" isLoading onClick={() => stop?.abort()}>
      {t('audit.exporting', { count: taken })}
    </Button>
  );
};
