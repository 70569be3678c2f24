// The output of a run: of all nodes in order of arrival, or of one.
import type { CommandRun } from '@drover/api';
import { Button } from '@patternfly/react-core';
import { DownloadIcon } from '@patternfly/react-icons';
import { useTranslation } from 'react-i18next';
import { useParameter } from '../../ui/filter.tsx';
import { LogView } from '../../ui/log-view.tsx';
import { Loading, Nothing, Partial, Problem } from '../../ui/states.tsx';
import { type Download, logDownload, streamDownload } from './downloads.ts';
import { useOutput } from './output.ts';

const DownloadLink = ({ title, file }: { readonly title: string; readonly file: Download }) => (
  <Button
    variant="link"
    component="a"
    href={file.href}
    download={file.fileName}
    icon={<DownloadIcon />}
    size="sm"
  >
    {title}
  </Button>
);

export const RunLog = ({ run, node }: { readonly run: CommandRun; readonly node?: string }) => {
  const { t } = useTranslation();
  const [find, setFind] = useParameter('find');
  const { value: log, state, error, retry } = useOutput(run, node);
  if (state === 'failed' && log.lines.length === 0) return <Problem error={error} onRetry={retry} />;
  if (state === 'waiting') return <Loading />;
  if (log.lines.length === 0 && state === 'ended') return <Nothing title={t('runs.noOutput')} />;
  return (
    <>
      {state === 'failed' ? <Partial error={error} onRetry={retry} /> : null}
      <LogView
        label={node === undefined ? t('runs.logOfAll') : t('runs.outputOf', { node })}
        log={log}
        showsNodes={node === undefined}
        isLive={state === 'live'}
        find={find}
        onFind={setFind}
        actions={
          node === undefined ? (
            <DownloadLink title={t('runs.downloadLog')} file={logDownload(run)} />
          ) : (
            <>
              <DownloadLink title={t('runs.downloadStdout')} file={streamDownload(run, node, 'stdout')} />
              <DownloadLink title={t('runs.downloadStderr')} file={streamDownload(run, node, 'stderr')} />
            </>
          )
        }
      />
    </>
  );
};
