// What runs at this moment, with how far it is.
import type { CommandRun, FileTransfer } from '@drover/api';
import { Content, Progress, ProgressSize, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';

type Work = CommandRun | FileTransfer;

const shown = 6;
const atWork = new Set(['Pending', 'Running', 'Paused', 'Cancelling']);

export const isAtWork = ({ status }: Work): boolean => atWork.has(status?.phase ?? 'Pending');

const pathOf = ({ kind, metadata: { namespace = '', name = '' } }: Work): string =>
  kind === 'CommandRun' ? paths.run(namespace, name) : paths.transfer(namespace, name);

const whatOf = (work: Work): string =>
  work.kind === 'CommandRun'
    ? (work.spec.argv?.join(' ') ?? work.spec.script?.source.split('\n')[0] ?? '')
    : work.spec.path;

export const WorkNow = ({ works }: { readonly works: readonly Work[] }) => {
  const { t } = useTranslation();
  const now = works.filter(isAtWork);
  if (now.length === 0)
    return (
      <Content component="p">
        {t('overview.nothingWorking')}
        <Link to={paths.newRun()}>{t('shell.pages.newRun')}</Link>
      </Content>
    );
  return (
    <Stack hasGutter>
      {now.slice(0, shown).map((work) => {
        const { total = 0, waiting = 0, queued = 0, running = 0 } = work.status?.counts ?? {};
        const done = total - waiting - queued - running;
        const label = t('overview.progress', { done, total });
        return (
          <StackItem key={work.metadata.uid}>
            <Link to={pathOf(work)}>{work.metadata.name}</Link> {whatOf(work)}
            <Progress
              aria-label={`${work.metadata.name}: ${label}`}
              size={ProgressSize.sm}
              value={total === 0 ? 0 : (100 * done) / total}
              label={label}
            />
          </StackItem>
        );
      })}
      {now.length > shown ? <StackItem>{t('overview.more', { count: now.length - shown })}</StackItem> : null}
    </Stack>
  );
};
