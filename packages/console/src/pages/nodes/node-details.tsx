// What a node is and how it is.
import type { Node } from '@drover/api';
import { Card, CardBody, CardTitle, Label, LabelGroup, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts } from '../../ui/facts.tsx';
import { addressOf } from './node-state.tsx';

type Condition = NonNullable<NonNullable<Node['status']>['conditions']>[number];

const Conditions = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const columns: readonly Column<Condition>[] = [
    { key: 'type', title: t('nodes.condition'), show: ({ type }) => type },
    { key: 'status', title: t('ui.status'), show: ({ status }) => status },
    {
      key: 'since',
      title: t('nodes.since'),
      show: ({ lastTransitionTime }) => <Age at={lastTransitionTime} />,
    },
    { key: 'reason', title: t('nodes.why'), show: ({ reason }) => reason ?? '' },
    { key: 'message', title: t('nodes.message'), show: ({ message }) => message ?? '' },
  ];
  return (
    <DataTable
      label={t('nodes.conditions')}
      columns={columns}
      rows={node.status?.conditions ?? []}
      keyOf={({ type }) => type}
    />
  );
};

export const NodeDetails = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const { nodeInfo, capacity } = node.status ?? {};
  const labels = Object.entries(node.metadata.labels ?? {});
  return (
    <Stack hasGutter>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('nodes.machine')}</CardTitle>
          <CardBody>
            <Facts
              facts={[
                [t('nodes.os'), nodeInfo?.osImage ?? t('ui.unknown')],
                [t('nodes.kernel'), nodeInfo?.kernelVersion ?? t('ui.unknown')],
                [t('nodes.address'), addressOf(node)],
                [t('nodes.agent'), nodeInfo?.kubeletVersion ?? t('ui.unknown')],
                [t('nodes.cpu'), String(capacity?.['cpu'] ?? t('ui.unknown'))],
                [t('nodes.memory'), String(capacity?.['memory'] ?? t('ui.unknown'))],
                [t('ui.created'), <Age key="age" at={node.metadata.creationTimestamp} />],
                [
                  t('ui.labels'),
                  <LabelGroup key="labels" numLabels={20} aria-label={t('ui.labels')}>
                    {labels.map(([key, value]) => (
                      <Label key={key} isCompact>
                        {value === '' ? key : `${key}=${value}`}
                      </Label>
                    ))}
                  </LabelGroup>,
                ],
              ]}
            />
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('nodes.conditions')}</CardTitle>
          <CardBody>
            <Conditions node={node} />
          </CardBody>
        </Card>
      </StackItem>
    </Stack>
  );
};
