// What a push changed, or would change: nodes with the same changes together.
import type { FileTransfer } from '@drover/api';
import { Button, Card, CardBody, CardTitle, Flex, Label, Stack, StackItem } from '@patternfly/react-core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { useResults } from '../work/results.ts';
import { isOver } from '../work/work.ts';
import { ChangeList } from './change-list.tsx';
import { groupOutcomes, type OutcomeGroup } from './group-outcomes.ts';

const pageGroups = 20;

const Group = ({ group, transfer }: { readonly group: OutcomeGroup; readonly transfer: FileTransfer }) => {
  const { t } = useTranslation();
  const { nodeSet, count, changes, refused } = group;
  return (
    <Card isCompact>
      <CardTitle component="h3">
        <Flex gap={{ default: 'gapSm' }}>
          <span className="drover-code">{nodeSet}</span>
          <Label isCompact>{t('runs.nodes', { count })}</Label>
        </Flex>
      </CardTitle>
      <CardBody>
        <ChangeList
          changes={changes}
          refused={refused}
          root={transfer.spec.path}
          isCheck={transfer.spec.check}
        />
      </CardBody>
    </Card>
  );
};

export const ChangeGroups = ({ transfer }: { readonly transfer: FileTransfer }) => {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(pageGroups);
  const {
    value: { tasks },
    state,
    error,
    retry,
  } = useResults(transfer);
  const groups = useMemo(() => groupOutcomes(tasks), [tasks]);
  if (state === 'failed' && tasks.length === 0) return <Problem error={error} onRetry={retry} />;
  if (groups.length === 0)
    return isOver(transfer) || state === 'ended' ? <Nothing title={t('transfers.noAnswers')} /> : <Loading />;
  return (
    <Stack hasGutter>
      {groups.slice(0, limit).map((group) => (
        <StackItem key={group.nodeSet}>
          <Group group={group} transfer={transfer} />
        </StackItem>
      ))}
      {groups.length <= limit ? null : (
        <StackItem>
          <Button variant="link" onClick={() => setLimit(limit + pageGroups)}>
            {t('transfers.moreGroups', { count: groups.length - limit })}
          </Button>
        </StackItem>
      )}
    </Stack>
  );
};
