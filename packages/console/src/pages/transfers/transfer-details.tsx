// What was asked for: what, where, and how.
import type { FileTransfer } from '@drover/api';
import { Card, CardBody, CardTitle } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { Facts } from '../../ui/facts.tsx';
import { namespaceOf, targetsOf } from '../work/work.ts';

export const TransferDetails = ({ transfer }: { readonly transfer: FileTransfer }) => {
  const { t } = useTranslation();
  const { spec } = transfer;
  const { nodes, labels } = targetsOf(transfer);
  const { strategy, offline } = spec;
  const given = (text: string | undefined): string =>
    text === undefined || text === '' ? t('ui.none') : text;
  const own =
    spec.direction === 'Pull'
      ? []
      : ([
          [t('transfers.mode'), spec.mode ?? t('transfers.asAtSource')],
          [t('transfers.owner'), spec.owner ?? t('runs.agentUser')],
          [t('transfers.check'), spec.check ? t('ui.yes') : t('ui.no')],
          [
            t('transfers.manifest'),
            <span key="manifest" className="drover-code">
              {spec.manifest}
            </span>,
          ],
        ] as const);
  const retry =
    spec.retryOf === undefined
      ? []
      : ([
          [
            t('runs.retryOf'),
            <Link key="retry" to={paths.transfer(namespaceOf(transfer), spec.retryOf)}>
              {spec.retryOf}
            </Link>,
          ],
        ] as const);
  return (
    <Card>
      <CardTitle component="h2">{t('transfers.how')}</CardTitle>
      <CardBody>
        <Facts
          facts={[
            [
              t('runs.fields.nodes'),
              <span key="nodes" className="drover-code">
                {given(nodes)}
              </span>,
            ],
            [t('runs.fields.labels'), given(labels)],
            ...own,
            [t('runs.fields.timeout'), `${spec.timeoutSeconds}s`],
            [t('runs.fields.width'), strategy.width === 0 ? t('runs.noLimit') : String(strategy.width)],
            [t('runs.fields.batches'), given(strategy.batches.join(', '))],
            [t('runs.fields.gate'), t(`runs.gates.${strategy.gate}`)],
            [t('runs.fields.maxFailures'), given(strategy.maxFailures?.toString())],
            [t('runs.fields.offline'), t(`runs.offline.${offline.policy}`)],
            ...retry,
          ]}
        />
      </CardBody>
    </Card>
  );
};
