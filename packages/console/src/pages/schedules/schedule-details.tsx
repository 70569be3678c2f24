// What a schedule does, when, and how it stands.
import type { Schedule } from '@drover/api';
import { Alert, Card, CardBody, CardTitle, Grid, GridItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { Facts } from '../../ui/facts.tsx';
import { NextTimes, useCronWords } from './cron-field.tsx';
import { hindranceOf, PhaseLabel } from './schedule-state.tsx';
import { toLine } from './words.ts';

const Command = ({ schedule: { spec, metadata } }: { readonly schedule: Schedule }) => {
  const { run, savedCommand } = spec;
  if (savedCommand === undefined)
    return <code className="drover-code">{run?.script?.source ?? toLine(run?.argv ?? [])}</code>;
  const values = Object.entries(savedCommand.values ?? {}).map(([name, value]) => `${name}=${value}`);
  return (
    <>
      <Link to={paths.savedCommand(metadata.namespace ?? '', savedCommand.name)}>{savedCommand.name}</Link>{' '}
      {values.join(' ')}
    </>
  );
};

const LastResult = ({ schedule: { status, metadata } }: { readonly schedule: Schedule }) => {
  const { t } = useTranslation();
  if (status?.lastRun === undefined) return t('schedules.noRuns');
  const { name, phase } = status.lastRun;
  return (
    <>
      <PhaseLabel phase={phase} /> <Link to={paths.run(metadata.namespace ?? '', name)}>{name}</Link>
    </>
  );
};

export const ScheduleDetails = ({ schedule }: { readonly schedule: Schedule }) => {
  const { t } = useTranslation();
  const { spec, status } = schedule;
  const words = useCronWords(spec.schedule);
  const hindrance = hindranceOf(schedule);
  const targets = spec.run?.targets ?? spec.savedCommand?.targets;
  const labels = Object.entries(targets?.labelSelector?.matchLabels ?? {}).map(([k, v]) => `${k}=${v}`);
  return (
    <Grid hasGutter>
      {hindrance === '' ? null : (
        <GridItem>
          <Alert isInline variant="warning" component="h2" title={t('schedules.state.hindered')}>
            {hindrance}
          </Alert>
        </GridItem>
      )}
      <GridItem lg={8}>
        <Card isFullHeight>
          <CardTitle component="h2">{t('schedules.tabs.details')}</CardTitle>
          <CardBody>
            <Facts
              facts={[
                [t('schedules.when'), `${words} (${spec.schedule}, ${spec.timeZone})`],
                [t('schedules.command'), <Command key="command" schedule={schedule} />],
                [
                  t('schedules.nodes'),
                  [targets?.nodeSet ?? '', ...labels].filter(Boolean).join(' & ') ||
                    t('schedules.targetsOptional'),
                ],
                [t('schedules.by'), spec.requester?.username ?? t('ui.unknown')],
                [t('schedules.last'), <Age key="last" at={status?.lastScheduleTime} />],
                [t('schedules.lastResult'), <LastResult key="result" schedule={schedule} />],
                [t('schedules.policy'), t(`schedules.policies.${spec.concurrencyPolicy}`)],
                [
                  t('schedules.deadline'),
                  spec.startingDeadlineSeconds === undefined
                    ? t('schedules.noDeadline')
                    : t('schedules.deadlineValue', { count: spec.startingDeadlineSeconds }),
                ],
                [
                  t('schedules.keep'),
                  t('schedules.keepValue', {
                    good: spec.successfulRunsHistoryLimit,
                    bad: spec.failedRunsHistoryLimit,
                  }),
                ],
              ]}
            />
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={4}>
        <Card isFullHeight>
          <CardTitle component="h2">{t('schedules.nextTimes')}</CardTitle>
          <CardBody>
            {spec.suspend ? (
              t('schedules.state.suspended')
            ) : (
              <NextTimes schedule={spec.schedule} timeZone={spec.timeZone} />
            )}
          </CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
};
