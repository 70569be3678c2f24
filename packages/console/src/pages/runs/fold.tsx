// Identical outputs once, with the nodes they came from.
import type { CommandRun } from '@drover/api';
import type { FoldedGroup } from '@drover/client';
import {
  Alert,
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Flex,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../api/client.ts';
import { paths } from '../../paths.ts';
import { LogBlock } from '../../ui/log-text.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { sizeOf } from '../work/elapsed.ts';
import { progressOf, toNodeState } from '../work/task-state.ts';
import { isOver, referenceTo } from '../work/work.ts';
import { NodeStateLabel } from '../work/work-state.tsx';

const pageGroups = 25;
/** While it goes on, what was folded is asked for anew each time that so many parts of the nodes have ended. */
const steps = 20;

const stepOf = (run: CommandRun): number | 'over' => {
  const { done, total } = progressOf(run.status?.counts);
  return isOver(run) ? 'over' : Math.floor(done / Math.max(1, Math.ceil(total / steps)));
};

/** What of the nodes that have ended so far. */
export const useFold = (run: CommandRun) =>
  useQuery({
    queryKey: ['fold', run.metadata.uid, stepOf(run)],
    queryFn: ({ signal }) => client.fold(referenceTo(run), { signal }),
    placeholderData: keepPreviousData,
  });

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const Output = ({
  title,
  bytes,
  total,
}: {
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly total: number;
}) => {
  const { t } = useTranslation();
  if (total === 0 && bytes.length === 0) return null;
  return (
    <>
      <LogBlock label={title} text={textOf(bytes)} />
      {total <= bytes.length ? null : <p>{t('runs.cut', { size: sizeOf(total - bytes.length) })}</p>}
    </>
  );
};

const Group = ({ group }: { readonly group: FoldedGroup }) => {
  const { t } = useTranslation();
  const state = toNodeState(group.state, group.exitCode);
  const detail =
    state === 'failed' ? String(group.exitCode) : state === 'signalled' ? String(group.signal) : '';
  const isSilent = group.stdoutBytes + group.stderrBytes === 0;
  return (
    <Card isCompact>
      <CardHeader
        actions={{
          actions: <Link to={paths.newRun(group.nodeSet)}>{t('runs.runOnThese')}</Link>,
        }}
      >
        <CardTitle component="h3">
          <Flex gap={{ default: 'gapSm' }}>
            <span className="drover-code">{group.nodeSet}</span>
            <span>{t('runs.nodes', { count: group.count })}</span>
            <NodeStateLabel state={state} detail={detail} />
          </Flex>
        </CardTitle>
      </CardHeader>
      <CardBody>
        {group.reason === '' ? null : <p>{group.reason}</p>}
        {isSilent ? <p>{t('runs.noOutput')}</p> : null}
        <Output
          title={`${t('runs.stdout')} ${group.nodeSet}`}
          bytes={group.stdout}
          total={group.stdoutBytes}
        />
        {group.stderrBytes === 0 ? null : <p>{t('runs.stderr')}</p>}
        <Output
          title={`${t('runs.stderr')} ${group.nodeSet}`}
          bytes={group.stderr}
          total={group.stderrBytes}
        />
      </CardBody>
    </Card>
  );
};

export const FoldedOutputs = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const [shown, setShown] = useState(pageGroups);
  const { data: fold, error, refetch } = useFold(run);
  if (fold === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  const groups = [...fold.groups].sort((a, b) => b.count - a.count);
  return (
    <Stack hasGutter>
      {fold.silent === '' ? null : (
        <StackItem>
          <Alert variant="info" isInline title={t('runs.silent')}>
            <span className="drover-code">{fold.silent}</span>
          </Alert>
        </StackItem>
      )}
      {groups.length === 0 && fold.silent === '' ? <Nothing title={t('runs.noNodesYet')} /> : null}
      {groups.slice(0, shown).map((group) => (
        <StackItem key={group.nodeSet}>
          <Group group={group} />
        </StackItem>
      ))}
      {groups.length <= shown ? null : (
        <StackItem>
          <Button variant="link" onClick={() => setShown(shown + pageGroups)}>
            {t('runs.moreGroups', { count: groups.length - shown })}
          </Button>
        </StackItem>
      )}
    </Stack>
  );
};
