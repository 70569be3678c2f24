// Who asked for a piece of work and when, what it waits for or why it failed, and how it stands on its nodes.
import { humanDuration } from '@drover/api/duration';
import { Alert, Content, Flex, PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import { StateFilter } from './state-filter.tsx';
import { phaseOf, type Work } from './work.ts';
import { CountsBar } from './work-state.tsx';

const Took = ({ work }: { readonly work: Work }) => {
  const { t } = useTranslation();
  const { startTime, completionTime } = work.status ?? {};
  if (startTime === undefined || completionTime === undefined) return null;
  // Both times are in whole seconds.
  const ms = Date.parse(completionTime) - Date.parse(startTime);
  return <span>{t('runs.took', { time: ms < 1_000 ? '<1s' : humanDuration(ms) })}</span>;
};

/** The cause of the present wait or of the failure, and who decided what. */
const Said = ({ work }: { readonly work: Work }) => {
  const { t } = useTranslation();
  const { message = '', conditions = [] } = work.status ?? {};
  const decision = conditions.find(({ type }) => type === 'Approved' || type === 'Denied');
  const phase = phaseOf(work);
  return (
    <>
      {decision === undefined ? null : (
        <p>
          {t(decision.type === 'Approved' ? 'runs.wasApproved' : 'runs.wasRejected', {
            message: decision.message ?? '',
          })}
        </p>
      )}
      {message === '' ? null : (
        <Alert
          isInline
          isPlain
          variant={phase === 'Failed' ? 'danger' : phase === 'Running' ? 'info' : 'warning'}
          title={message}
        />
      )}
    </>
  );
};

export const WorkHead = ({ work, isInTable }: { readonly work: Work; readonly isInTable: boolean }) => {
  const { t } = useTranslation();
  return (
    <PageSection hasBodyWrapper={false}>
      <Stack hasGutter>
        <StackItem>
          <Flex>
            <Content component="small">
              {t('runs.byWhom', { name: work.spec.requester?.username ?? t('ui.unknown') })}
            </Content>
            <Content component="small">
              <Age at={work.metadata.creationTimestamp} />
            </Content>
            <Content component="small">
              <Took work={work} />
            </Content>
          </Flex>
          <Said work={work} />
        </StackItem>
        <StackItem>
          <CountsBar work={work} height={12} />
        </StackItem>
        <StackItem>
          <StateFilter work={work} isInTable={isInTable} />
        </StackItem>
      </Stack>
    </PageSection>
  );
};
