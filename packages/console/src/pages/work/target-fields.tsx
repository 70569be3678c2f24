// On which nodes: by name, by label, and whom that means right now.
import type { Node, Targets } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import { toLabelSelector } from '@drover/api/label-selector';
import { type FleetNode, resolveTargets } from '@drover/api/targets';
import { nodes as nodeKind } from '@drover/client/kinds';
import { Alert, Button, Label, LabelGroup } from '@patternfly/react-core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Live, useLive } from '../../api/live.ts';
import { TextField } from '../../ui/field.tsx';
import { Loading, Partial } from '../../ui/states.tsx';
import { nodeState } from '../nodes/node-state.tsx';
import type { Wish, WishFieldsProps } from './wish.ts';

const shownNames = 30;
const signingLabel = 'drover.dev/signing';

interface Matched {
  readonly known: readonly Node[];
  readonly unknown: readonly string[];
  /** Why it cannot be read, and where. */
  readonly problem?: { readonly field: 'nodes' | 'labels'; readonly why: string };
}

const whyOf = (error: unknown): string => (error instanceof ApiError ? error.message : String(error));

const none = { known: [], unknown: [] };

const match = ({ nodes, labels }: Wish, fleet: Live<Node>['items']): Matched => {
  if (nodes.trim() === '' && labels.trim() === '') return none;
  let selector: Targets = {};
  try {
    if (labels.trim() !== '') selector = { labelSelector: toLabelSelector(labels) };
  } catch (error) {
    return { ...none, problem: { field: 'labels', why: whyOf(error) } };
  }
  const world: readonly FleetNode[] = fleet.map(({ metadata }) => ({
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
  }));
  try {
    const targets = { ...(nodes.trim() === '' ? {} : { nodeSet: nodes.trim() }), ...selector };
    const { known, unknown } = resolveTargets(targets, world);
    const wanted = new Set(known);
    return { known: fleet.filter(({ metadata }) => wanted.has(metadata.name ?? '')), unknown };
  } catch (error) {
    return { ...none, problem: { field: 'nodes', why: whyOf(error) } };
  }
};

const MatchedNodes = ({ matched, signBy }: { readonly matched: Matched; readonly signBy: string }) => {
  const { t } = useTranslation();
  const { known, unknown } = matched;
  const away = known.filter((node) => nodeState(node) !== 'ready').length;
  const signed = known.filter(({ metadata }) => metadata.labels?.[signingLabel] === 'required').length;
  return (
    <section aria-label={t('runs.matched')} aria-live="polite">
      <p>
        <strong>{t('runs.matches', { count: known.length })}</strong>
        {away === 0 ? null : ` ${t('runs.notReady', { count: away })}`}
      </p>
      <LabelGroup aria-label={t('runs.matched')} numLabels={shownNames} isCompact>
        {known.slice(0, shownNames).map(({ metadata }) => (
          <Label key={metadata.name} isCompact>
            {metadata.name}
          </Label>
        ))}
      </LabelGroup>
      {known.length <= shownNames ? null : <p>{t('runs.moreNodes', { count: known.length - shownNames })}</p>}
      {unknown.length === 0 ? null : (
        <Alert isInline isPlain variant="warning" title={t('runs.unknownNodes', { count: unknown.length })}>
          {unknown.slice(0, shownNames).join(', ')}
        </Alert>
      )}
      {signed === 0 ? null : (
        <Alert
          isInline
          isPlain
          variant="warning"
          title={t('runs.signedOnly', { count: signed, command: signBy })}
        />
      )}
    </section>
  );
};

/** `signBy`: the command line for nodes that take signed requests only. */
export const TargetFields = ({
  draft,
  set,
  problems,
  signBy,
}: WishFieldsProps & { readonly signBy: string }) => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(nodeKind);
  const matched = useMemo(() => match(draft, items), [draft, items]);
  const problemAt = (field: 'nodes' | 'labels'): string | undefined =>
    problems[field] ?? (matched.problem?.field === field ? matched.problem.why : undefined);
  return (
    <>
      <TextField
        id="work-nodes"
        label={t('runs.fields.nodes')}
        isCode
        value={draft.nodes}
        onChange={(nodes) => set({ nodes })}
        placeholder="web[1-20],@db"
        help={t('runs.help.nodes')}
        problem={problemAt('nodes')}
        beside={
          <Button variant="control" onClick={() => set({ nodes: '*' })}>
            {t('runs.everyNode')}
          </Button>
        }
      />
      <TextField
        id="work-labels"
        label={t('runs.fields.labels')}
        isCode
        value={draft.labels}
        onChange={(labels) => set({ labels })}
        placeholder="rack=a,env in (test,prod)"
        help={t('runs.help.labels')}
        problem={problemAt('labels')}
      />
      {state === 'loading' ? (
        <Loading />
      ) : state === 'failed' ? (
        <Partial error={error} onRetry={retry} isNothing />
      ) : (
        <MatchedNodes matched={matched} signBy={signBy} />
      )}
    </>
  );
};
