// Owns what a schedule makes when its time has come, or when somebody wants it now: the CommandRun. Pure.
import type { ScheduledRun } from '../kinds/run-template.ts';
import type { SavedCommand } from '../kinds/saved-command.ts';
import type { Schedule } from '../kinds/schedule.ts';
import { type RenderedCommand, renderSavedCommand } from '../saved-command/render.ts';

/** On runs: the name of the schedule, or of the saved command, that they are of. */
export const scheduleLabel = 'drover.dev/schedule';
export const savedCommandLabel = 'drover.dev/saved-command';

/** What is to run. `saved`: the command that the schedule names, as it is now; undefined: there is none of that name. */
export const renderSchedule = (
  { spec }: Pick<Schedule, 'spec'>,
  saved: Pick<SavedCommand, 'spec'> | undefined,
): RenderedCommand => {
  if (spec.run !== undefined) return { kind: 'run', spec: spec.run };
  const at = 'spec.savedCommand';
  const { name = '', values = {}, targets } = spec.savedCommand ?? {};
  if (saved === undefined)
    return {
      kind: 'refused',
      causes: [{ field: `${at}.name`, message: `there is no saved command ${name} in this namespace` }],
    };
  const rendered = renderSavedCommand(saved, values, targets);
  if (rendered.kind === 'run') return rendered;
  const causes = rendered.causes.map(({ field, message }) => ({ field: `${at}.${field}`, message }));
  return { kind: 'refused', causes };
};

const base = { apiVersion: 'drover.dev/v1alpha1', kind: 'CommandRun' } as const;

/** A run of the schedule, which goes with it. `names`: name, or generateName. */
export const toScheduleRun = (
  { apiVersion, kind, metadata, spec }: Schedule,
  run: ScheduledRun,
  names: { readonly name: string } | { readonly generateName: string },
) => {
  const { name = '', namespace = '', uid = '' } = metadata;
  const command = spec.savedCommand?.name;
  const labels = {
    [scheduleLabel]: name,
    ...(command === undefined ? {} : { [savedCommandLabel]: command }),
  };
  const ownerReferences = [{ apiVersion, kind, name, uid, controller: true }];
  return { ...base, metadata: { ...names, namespace, labels, ownerReferences }, spec: run };
};

/** A run of a saved command, which is not held by it. */
export const toSavedRun = (
  { metadata: { name = '', namespace = '' } }: Pick<SavedCommand, 'metadata'>,
  run: ScheduledRun,
) => ({
  ...base,
  metadata: { generateName: `${name.slice(0, 50)}-`, namespace, labels: { [savedCommandLabel]: name } },
  spec: run,
});

/** 'values.version: must be given; targets: ...' */
export const causeWords = (causes: Extract<RenderedCommand, { kind: 'refused' }>['causes']): string =>
  causes.map(({ field, message }) => `${field}: ${message}`).join('; ');
