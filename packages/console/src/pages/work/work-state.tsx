// How a piece of work stands: its phase as a label, its nodes as a bar.
import { Flex, FlexItem, Label, type LabelProps } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { type NodeState, nodeStates, progressOf, type Tone, toneOf } from './task-state.ts';
import { type Phase, phaseOf, type Work, waitsForPeople } from './work.ts';

const phaseTones: Readonly<Record<Phase, Tone>> = {
  Pending: 'none',
  Running: 'info',
  Paused: 'warning',
  Cancelling: 'warning',
  Succeeded: 'success',
  Failed: 'danger',
  Cancelled: 'none',
};

const labelStatus = (tone: Tone): Pick<LabelProps, 'status'> => (tone === 'none' ? {} : { status: tone });

export const PhaseLabel = ({ work }: { readonly work: Work }) => {
  const { t } = useTranslation();
  const isWaiting = waitsForPeople(work);
  const phase = phaseOf(work);
  return (
    <Label {...labelStatus(isWaiting ? 'warning' : phaseTones[phase])} isCompact>
      {isWaiting ? t('runs.waitsForApproval') : t(`runs.phases.${phase}`)}
    </Label>
  );
};

export const NodeStateLabel = ({
  state,
  detail = '',
}: {
  readonly state: NodeState;
  /** Exit code or signal. */
  readonly detail?: string;
}) => {
  const { t } = useTranslation();
  return (
    <Label {...labelStatus(toneOf[state])} isCompact>
      {`${t(`runs.states.${state}`)} ${detail}`.trim()}
    </Label>
  );
};

const colours: Readonly<Record<Tone, string>> = {
  success: 'var(--pf-t--global--color--status--success--default)',
  danger: 'var(--pf-t--global--color--status--danger--default)',
  warning: 'var(--pf-t--global--color--status--warning--default)',
  info: 'var(--pf-t--global--color--status--info--default)',
  none: 'transparent',
};

const barOrder: readonly Tone[] = ['success', 'danger', 'warning', 'info'];

/** One bar of all nodes, parted by how they stand. Told in words to who cannot see it. */
export const CountsBar = ({ work, height = 8 }: { readonly work: Work; readonly height?: number }) => {
  const { t } = useTranslation();
  const counts = work.status?.counts;
  const { done, total } = progressOf(counts);
  const words = nodeStates.flatMap((state) =>
    (counts?.[state] ?? 0) === 0 ? [] : [`${counts?.[state]} ${t(`runs.states.${state}`)}`],
  );
  const share = (tone: Tone): number =>
    nodeStates.reduce((sum, state) => sum + (toneOf[state] === tone ? (counts?.[state] ?? 0) : 0), 0);
  return (
    <Flex
      gap={{ default: 'gapSm' }}
      alignItems={{ default: 'alignItemsCenter' }}
      flexWrap={{ default: 'nowrap' }}
      style={{ minWidth: '8rem' }}
    >
      <div
        role="img"
        aria-label={words.length === 0 ? t('runs.noNodesYet') : words.join(', ')}
        title={words.join(', ')}
        style={{
          display: 'flex',
          flex: '1 1 4rem',
          height,
          overflow: 'hidden',
          borderRadius: height / 2,
          background: 'var(--pf-t--global--background--color--disabled--default)',
        }}
      >
        {barOrder.map((tone) => (
          <div
            key={tone}
            style={{ width: `${(100 * share(tone)) / Math.max(total, 1)}%`, background: colours[tone] }}
          />
        ))}
      </div>
      <FlexItem style={{ whiteSpace: 'nowrap' }}>{total === 0 ? '' : `${done}/${total}`}</FlexItem>
    </Flex>
  );
};
