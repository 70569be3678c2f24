// Owns what the form of a schedule holds, and how it becomes the spec that is sent.
import type { Schedule } from '@drover/api';
import type { RunDraft } from './command-fields.tsx';
import type { SavedCommandChoice } from './saved-command-form.tsx';

type Spec = Schedule['spec'];

export interface ScheduleDraft {
  readonly schedule: string;
  readonly timeZone: string;
  readonly what: 'savedCommand' | 'ownCommand';
  readonly command: SavedCommandChoice;
  /** '': those of the command. */
  readonly nodes: string;
  readonly run: RunDraft;
  readonly policy: Spec['concurrencyPolicy'];
  /** '': none. */
  readonly deadline: string;
  readonly keepGood: string;
  readonly keepBad: string;
}

export const emptyDraft = (command: string): ScheduleDraft => ({
  schedule: '30 2 * * *',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  what: command === '' ? 'ownCommand' : 'savedCommand',
  command: { name: command, values: {} },
  nodes: '',
  run: { argv: [] },
  policy: 'Allow',
  deadline: '',
  keepGood: '3',
  keepBad: '1',
});

export const toDraft = (spec: Spec): ScheduleDraft => ({
  schedule: spec.schedule,
  timeZone: spec.timeZone,
  what: spec.run === undefined ? 'savedCommand' : 'ownCommand',
  command: { name: spec.savedCommand?.name ?? '', values: spec.savedCommand?.values ?? {} },
  nodes: spec.savedCommand?.targets?.nodeSet ?? '',
  run: spec.run ?? { argv: [] },
  policy: spec.concurrencyPolicy,
  deadline: String(spec.startingDeadlineSeconds ?? ''),
  keepGood: String(spec.successfulRunsHistoryLimit),
  keepBad: String(spec.failedRunsHistoryLimit),
});

/** `before`: what the form does not show stays as it was. */
export const toSpec = (draft: ScheduleDraft, before?: Spec): object => {
  const { nodeSet: _, ...selector } = before?.savedCommand?.targets ?? {};
  const targets = { ...selector, ...(draft.nodes === '' ? {} : { nodeSet: draft.nodes }) };
  const command = { ...draft.command, ...(Object.keys(targets).length === 0 ? {} : { targets }) };
  return {
    schedule: draft.schedule.trim(),
    timeZone: draft.timeZone,
    suspend: before?.suspend ?? false,
    concurrencyPolicy: draft.policy,
    ...(draft.deadline === '' ? {} : { startingDeadlineSeconds: Number(draft.deadline) }),
    successfulRunsHistoryLimit: Number(draft.keepGood),
    failedRunsHistoryLimit: Number(draft.keepBad),
    ...(draft.what === 'ownCommand' ? { run: draft.run } : { savedCommand: command }),
  };
};
