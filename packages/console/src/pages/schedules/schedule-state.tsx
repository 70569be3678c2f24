// Owns how a schedule is, and how its runs ended, in words and colour.
import type { Schedule } from '@drover/api';
import { Label, type LabelProps } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { toLine } from './words.ts';

export type ScheduleState = 'waiting' | 'suspended' | 'active' | 'hindered';

const readyOf = ({ status }: Schedule) => status?.conditions?.find(({ type }) => type === 'Ready');

export const scheduleState = (schedule: Schedule): ScheduleState => {
  if (schedule.spec.suspend) return 'suspended';
  if ((schedule.status?.active ?? []).length > 0) return 'active';
  return readyOf(schedule)?.status === 'False' ? 'hindered' : 'waiting';
};

/** Why it does not run, in the controller's words; '': nothing stands in its way. */
export const hindranceOf = (schedule: Schedule): string => {
  const ready = readyOf(schedule);
  return ready?.status === 'False' ? (ready.message ?? '') : '';
};

const colours: Readonly<Record<ScheduleState, LabelProps>> = {
  waiting: { status: 'success' },
  suspended: { color: 'grey' },
  active: { status: 'info' },
  hindered: { status: 'danger' },
};

export const ScheduleStateLabel = ({ schedule }: { readonly schedule: Schedule }) => {
  const { t } = useTranslation();
  const state = scheduleState(schedule);
  return (
    <Label isCompact {...colours[state]}>
      {t(`schedules.state.${state}`)}
    </Label>
  );
};

const phases: Readonly<Record<string, LabelProps>> = {
  Succeeded: { status: 'success' },
  Failed: { status: 'danger' },
  Cancelled: { status: 'warning' },
};

const known = ['Pending', 'Running', 'Paused', 'Cancelling', 'Succeeded', 'Failed', 'Cancelled'] as const;

export const PhaseLabel = ({ phase }: { readonly phase: string }) => {
  const { t } = useTranslation();
  const word = known.find((one) => one === phase);
  return (
    <Label isCompact {...(phases[phase] ?? { status: 'info' })}>
      {word === undefined ? phase : t(`schedules.phase.${word}`)}
    </Label>
  );
};

/** The saved command, the command line, or the first line of the script. */
export const commandOf = ({ spec: { savedCommand, run } }: Schedule): string =>
  savedCommand?.name ?? (run?.script?.source.split('\n')[0] || toLine(run?.argv ?? []));
