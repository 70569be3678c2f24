// What a node is and how it is.
import type { Node } from '@drover/api';
import {
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Label,
  LabelGroup,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { textAt, useFacts } from './facts.ts';
import { LabelEditor } from './label-editor.tsx';
import { toLabelText } from './label-fields.tsx';
import { MachineFacts } from './machine-facts.tsx';
import { agentVersionOf, nameOf } from './node-columns.tsx';
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

const NodeLabels = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const [isEditing, setEditing] = useState(false);
  const able = useCan(can.editNode(nameOf(node)));
  return (
    <Card>
      <CardHeader
        actions={{
          actions: (
            <ActionButton variant="link" able={able} onClick={() => setEditing(true)}>
              {t('nodes.labels.edit')}
            </ActionButton>
          ),
        }}
      >
        <CardTitle component="h2">{t('ui.labels')}</CardTitle>
      </CardHeader>
      <CardBody>
        <LabelGroup numLabels={20} aria-label={t('ui.labels')}>
          {Object.entries(node.metadata.labels ?? {}).map((label) => (
            <Label key={label[0]} isCompact>
              {toLabelText(label)}
            </Label>
          ))}
        </LabelGroup>
      </CardBody>
      {isEditing ? <LabelEditor nodes={[node]} onClose={() => setEditing(false)} /> : null}
    </Card>
  );
};

const Machine = ({ node, python }: { readonly node: Node; readonly python: string }) => {
  const { t } = useTranslation();
  const { nodeInfo } = node.status ?? {};
  return (
    <Card>
      <CardTitle component="h2">{t('nodes.machine')}</CardTitle>
      <CardBody>
        <Facts
          facts={[
            [t('nodes.os'), nodeInfo?.osImage ?? t('ui.unknown')],
            [t('nodes.kernel'), nodeInfo?.kernelVersion ?? t('ui.unknown')],
            [t('nodes.address'), addressOf(node)],
            [t('nodes.agent'), agentVersionOf(node) || t('ui.unknown')],
            ['Python', python || t('ui.unknown')],
            [t('nodes.requests.machine'), nodeInfo?.machineID ?? t('ui.unknown')],
            [t('ui.created'), <Age key="age" at={node.metadata.creationTimestamp} />],
          ]}
        />
      </CardBody>
    </Card>
  );
};

export const NodeDetails = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const { data, error, refetch } = useFacts(nameOf(node), node.metadata.resourceVersion);
  const facts = data?.facts ?? {};
  return (
    <Stack hasGutter>
      <StackItem>
        <Machine node={node} python={textAt(facts, 'python.version')} />
      </StackItem>
      <StackItem>
        <NodeLabels node={node} />
      </StackItem>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('nodes.conditions')}</CardTitle>
          <CardBody>
            <Conditions node={node} />
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        {data !== undefined ? (
          <MachineFacts facts={facts} />
        ) : error === null ? (
          <Loading />
        ) : (
          <Problem error={error} onRetry={() => void refetch()} />
        )}
      </StackItem>
    </Stack>
  );
};
