// What can be done with a schedule: run now, suspend, resume, delete.
import type { CommandRun, SavedCommand, Schedule } from '@drover/api';
import { causeWords, renderSchedule, toScheduleRun } from '@drover/api/schedule-run';
import { commandRuns, savedCommands, schedules } from '@drover/client/kinds';
import { Alert, Flex } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { confirmDone } from '../../ui/toasts.tsx';

const runNow = async (schedule: Schedule): Promise<CommandRun> => {
  const { name = '', namespace } = schedule.metadata;
  const command = schedule.spec.savedCommand?.name;
  const saved =
    command === undefined ? undefined : await client.get<SavedCommand>(savedCommands, command, { namespace });
  const rendered = renderSchedule(schedule, saved);
  if (rendered.kind === 'refused') throw new Error(causeWords(rendered.causes));
  const run = toScheduleRun(schedule, rendered.spec, { generateName: `${name}-manual-` });
  return client.create<CommandRun>(commandRuns, run, { namespace });
};

const suspend = ({ metadata: { name = '', namespace } }: Schedule, isSuspended: boolean): Promise<unknown> =>
  client.patch(schedules, name, { type: 'merge', body: { spec: { suspend: isSuspended } } }, { namespace });

const useActions = (schedule: Schedule, onDeleted: () => void) => {
  const { t } = useTranslation();
  const [problem, setProblem] = useState('');
  const { name = '', namespace = '' } = schedule.metadata;
  const isSuspended = schedule.spec.suspend;
  const attempt = async (work: () => Promise<string>): Promise<void> => {
    setProblem('');
    try {
      confirmDone(await work());
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const deletion: Confirmation = {
    title: t('schedules.deleteTitle', { name }),
    body: t('schedules.deleteBody'),
    action: t('ui.delete'),
    run: async () => {
      await client.delete(schedules, name, { namespace });
      confirmDone(t('schedules.deleted', { name }));
      onDeleted();
    },
  };
  return {
    problem,
    deletion,
    run: () =>
      attempt(async () => t('schedules.started', { name: (await runNow(schedule)).metadata.name ?? '' })),
    toggle: () =>
      attempt(async () => {
        await suspend(schedule, !isSuspended);
        return t(isSuspended ? 'schedules.resumed' : 'schedules.suspended', { name });
      }),
    ableToRun: useCan(can.runCommands(namespace)),
    ableToChange: useCan(can.any('patch', schedules, namespace, name)),
    ableToDelete: useCan(can.any('delete', schedules, namespace, name)),
  };
};

/** Small: in a row of the list. */
export const ScheduleMenu = ({
  schedule,
  isSmall = true,
  onDeleted = () => undefined,
}: {
  readonly schedule: Schedule;
  readonly isSmall?: boolean;
  readonly onDeleted?: () => void;
}) => {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Confirmation>();
  const actions = useActions(schedule, onDeleted);
  const { name = '' } = schedule.metadata;
  const isSuspended = schedule.spec.suspend;
  const look = { size: isSmall ? 'sm' : 'default', variant: isSmall ? 'link' : 'secondary' } as const;
  const named = (word: string): string => `${word}: ${name}`;
  const toggle = t(isSuspended ? 'schedules.resume' : 'schedules.suspend');
  return (
    <>
      <Flex columnGap={{ default: 'columnGapSm' }} flexWrap={{ default: isSmall ? 'nowrap' : 'wrap' }}>
        <ActionButton
          {...look}
          isInline={isSmall}
          able={actions.ableToRun}
          aria-label={named(t('schedules.runNow'))}
          onClick={() => void actions.run()}
        >
          {t('schedules.runNow')}
        </ActionButton>
        <ActionButton
          {...look}
          isInline={isSmall}
          able={actions.ableToChange}
          aria-label={named(toggle)}
          {...(isSuspended ? { title: t('schedules.resumeHint') } : {})}
          onClick={() => void actions.toggle()}
        >
          {toggle}
        </ActionButton>
        <ActionButton
          {...look}
          isInline={isSmall}
          isDanger
          able={actions.ableToDelete}
          aria-label={named(t('ui.delete'))}
          onClick={() => setAsked(actions.deletion)}
        >
          {t('ui.delete')}
        </ActionButton>
      </Flex>
      {actions.problem === '' ? null : <Alert isInline isPlain variant="danger" title={actions.problem} />}
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};
