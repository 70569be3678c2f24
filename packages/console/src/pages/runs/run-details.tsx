// What was asked for: the command, where, and how.
import type { CommandRun } from '@drover/api';
import { Card, CardBody, CardTitle, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { Facts } from '../../ui/facts.tsx';
import { LogBlock } from '../../ui/log-text.tsx';
import { namespaceOf, targetsOf } from '../work/work.ts';
import { commandOf } from './run.ts';

const Source = ({ title, text }: { readonly title: string; readonly text: string }) => (
  <StackItem>
    <Card>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        <LogBlock label={title} text={text} />
      </CardBody>
    </Card>
  </StackItem>
);

export const RunDetails = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const { spec } = run;
  const { nodes, labels } = targetsOf(run);
  const { strategy, offline } = spec;
  const given = (text: string | undefined): string =>
    text === undefined || text === '' ? t('ui.none') : text;
  const facts: Parameters<typeof Facts>[0]['facts'] = [
    [
      t('runs.fields.nodes'),
      <span key="nodes" className="drover-code">
        {given(nodes)}
      </span>,
    ],
    [t('runs.fields.labels'), given(labels)],
    [t('runs.fields.user'), spec.user ?? t('runs.agentUser')],
    [t('runs.fields.cwd'), spec.cwd ?? t('runs.homeDirectory')],
    [t('runs.fields.timeout'), `${spec.timeoutSeconds}s`],
    [t('runs.fields.width'), strategy.width === 0 ? t('runs.noLimit') : String(strategy.width)],
    [t('runs.fields.batches'), given(strategy.batches.join(', '))],
    [t('runs.fields.gate'), t(`runs.gates.${strategy.gate}`)],
    [t('runs.fields.maxFailures'), given(strategy.maxFailures?.toString())],
    [t('runs.fields.offline'), t(`runs.offline.${offline.policy}`)],
    [
      t('runs.fields.env'),
      <span key="env" className="drover-code">
        {given(
          Object.entries(spec.env ?? {})
            .map(([key, value]) => `${key}=${value}`)
            .join('\n'),
        )}
      </span>,
    ],
    ...(spec.retryOf === undefined
      ? []
      : ([
          [
            t('runs.retryOf'),
            <Link key="retry" to={paths.run(namespaceOf(run), spec.retryOf)}>
              {spec.retryOf}
            </Link>,
          ],
        ] as const)),
  ];
  return (
    <Stack hasGutter>
      <Source
        title={
          spec.script === undefined
            ? t('runs.command')
            : t('runs.scriptBy', { by: spec.script.interpreter.join(' ') })
        }
        text={spec.script?.source ?? commandOf(run)}
      />
      {spec.stdin === undefined ? null : <Source title={t('runs.fields.stdin')} text={spec.stdin} />}
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('runs.how')}</CardTitle>
          <CardBody>
            <Facts facts={facts} />
          </CardBody>
        </Card>
      </StackItem>
    </Stack>
  );
};
