// A run beside an earlier one: which nodes ended otherwise, and what they said then and now.
import type { CommandRun } from '@drover/api';
import type { FoldedGroup } from '@drover/client';
import { commandRuns } from '@drover/client/kinds';
import {
  Alert,
  Button,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Grid,
  GridItem,
  Label,
  LabelGroup,
  Modal,
  ModalBody,
  ModalHeader,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../api/live.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { LogBlock } from '../../ui/log-text.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { toNodeState } from '../work/task-state.ts';
import { nameOf, namespaceOf } from '../work/work.ts';
import { NodeStateLabel } from '../work/work-state.tsx';
import { type Compared, compareFolds } from './compare.ts';
import { textOf, useFold } from './fold.tsx';
import { commandOf } from './run.ts';

const Ending = ({ group }: { readonly group: FoldedGroup | undefined }) => {
  const { t } = useTranslation();
  if (group === undefined) return t('runs.notInIt');
  const detail = group.signal === 0 ? String(group.exitCode) : String(group.signal);
  return <NodeStateLabel state={toNodeState(group.state, group.exitCode)} detail={detail} />;
};

const Side = ({ title, group }: { readonly title: string; readonly group: FoldedGroup | undefined }) => {
  const { t } = useTranslation();
  return (
    <GridItem md={6}>
      <h2>{title}</h2>
      <Ending group={group} />
      {group === undefined ? null : (
        <>
          <LogBlock label={`${title}: ${t('runs.stdout')}`} text={textOf(group.stdout)} />
          {group.stderrBytes === 0 ? null : (
            <LogBlock label={`${title}: ${t('runs.stderr')}`} text={textOf(group.stderr)} />
          )}
        </>
      )}
    </GridItem>
  );
};

interface PairProps {
  readonly run: CommandRun;
  readonly other: CommandRun;
}

const useColumns = (
  { run, other }: PairProps,
  onOpen: (node: string) => void,
): readonly Column<Compared>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'node',
      title: t('runs.node'),
      sortBy: ({ node }) => node,
      show: ({ node }) => (
        <Button variant="link" isInline onClick={() => onOpen(node)}>
          {node}
        </Button>
      ),
    },
    { key: 'there', title: nameOf(other), show: ({ there }) => <Ending group={there} /> },
    { key: 'here', title: nameOf(run), show: ({ here }) => <Ending group={here} /> },
    {
      key: 'differences',
      title: t('runs.different'),
      sortBy: ({ differences }) => differences.join(' '),
      show: ({ differences }) => (
        <LabelGroup aria-label={t('runs.different')} numLabels={5}>
          {differences.map((difference) => (
            <Label key={difference} isCompact>
              {t(`runs.differences.${difference}`)}
            </Label>
          ))}
        </LabelGroup>
      ),
    },
  ];
};

const Differences = ({ run, other }: PairProps) => {
  const { t } = useTranslation();
  const [node, setNode] = useParameter('node');
  const columns = useColumns({ run, other }, setNode);
  const [here, there] = [useFold(run), useFold(other)];
  const failed = [here, there].filter(({ data, error }) => data === undefined && error !== null);
  const retry = (): void => {
    for (const one of failed) void one.refetch();
  };
  if (failed[0] !== undefined) return <Problem error={failed[0].error} onRetry={retry} />;
  if (here.data === undefined || there.data === undefined) return <Loading />;
  const all = compareFolds(here.data, there.data);
  const rows = all.filter(({ differences }) => differences.length > 0);
  const open = all.find((row) => row.node === node);
  return (
    <>
      <Alert
        isInline
        isPlain
        variant={rows.length === 0 ? 'success' : 'info'}
        title={t('runs.compared', { count: rows.length, total: all.length })}
      />
      {rows.length === 0 ? null : (
        <DataTable label={t('runs.comparison')} columns={columns} rows={rows} keyOf={(row) => row.node} />
      )}
      {open === undefined ? null : (
        <Modal isOpen variant="large" onClose={() => setNode('')} aria-labelledby="compare-title">
          <ModalHeader title={t('runs.comparisonOf', { node })} labelId="compare-title" />
          <ModalBody tabIndex={0} aria-label={t('runs.comparisonOf', { node })}>
            <Grid hasGutter>
              <Side title={nameOf(other)} group={open.there} />
              <Side title={nameOf(run)} group={open.here} />
            </Grid>
          </ModalBody>
        </Modal>
      )}
    </>
  );
};

/** Runs of the same command first, then the newest. */
const candidatesFor = (run: CommandRun, runs: readonly CommandRun[]): readonly CommandRun[] => {
  const isLike = (other: CommandRun): boolean =>
    commandOf(other) === commandOf(run) || nameOf(other) === run.spec.retryOf;
  return runs
    .filter(({ metadata }) => metadata.uid !== run.metadata.uid)
    .sort(
      (a, b) =>
        Number(isLike(b)) - Number(isLike(a)) ||
        ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1),
    );
};

export const Compare = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const [chosen, setChosen] = useParameter('with');
  const { items, state, error, retry } = useLive(commandRuns, { namespace: namespaceOf(run) });
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  const candidates = candidatesFor(run, items);
  if (candidates.length === 0) return <Nothing title={t('runs.nothingToCompare')} />;
  const other = candidates.find((candidate) => nameOf(candidate) === chosen);
  return (
    <>
      <Form onSubmit={(event) => event.preventDefault()} isWidthLimited>
        <FormGroup label={t('runs.compareWith')} fieldId="compare-with">
          <FormSelect
            id="compare-with"
            aria-label={t('runs.compareWith')}
            value={chosen}
            onChange={(_event, name) => setChosen(name)}
          >
            <FormSelectOption value="" label={t('runs.chooseRun')} />
            {candidates.map((candidate) => (
              <FormSelectOption
                key={nameOf(candidate)}
                value={nameOf(candidate)}
                label={`${nameOf(candidate)}: ${commandOf(candidate).slice(0, 60)}`}
              />
            ))}
          </FormSelect>
        </FormGroup>
      </Form>
      {other === undefined ? null : <Differences run={run} other={other} />}
    </>
  );
};
