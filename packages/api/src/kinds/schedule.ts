// Owns Schedule (drover.dev/v1alpha1): a run that is made again and again by the clock. Its words are those of Kubernetes'
// CronJob. When it is due is in schedule/times.ts; what becomes of a time in the controller's controllers/schedule/plan.ts.
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { Conditions, type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { ageOf } from '../printing/duration.ts';
import { timesProblem } from '../schedule/times.ts';
import { Targets } from '../work.ts';
import { LaterRequester, ScheduledRun } from './run-template.ts';
import { commandChecks, targetChecks, workChecks } from './work-columns.ts';

const closed = { additionalProperties: false } as const;

/** As CronJob has it: something is put behind it in the names of its runs. */
const maxName = 52;

const limit = (count: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 1000, default: count, description });

const SavedCommandUse = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 253, description: 'Name of the SavedCommand.' }),
    values: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Integer(), Type.Boolean()]), {
        description: 'What its parameters are.',
      }),
    ),
    targets: Type.Optional(Targets),
  },
  { ...closed, description: 'A saved command, as it is at that time. Targets: in place of its own.' },
);

export const ScheduleSpec = Type.Object(
  {
    schedule: Type.String({
      minLength: 1,
      maxLength: 256,
      description:
        'When: minute, hour, day of month, month, day of week as in cron, e.g. "30 2 * * 1-5"; or @hourly, @daily, @weekly, @monthly, @yearly.',
    }),
    timeZone: Type.String({
      maxLength: 64,
      default: 'UTC',
      description: 'By whose clock: IANA name, e.g. Europe/Zurich.',
    }),
    suspend: Type.Boolean({
      default: false,
      description: 'Whether nothing is started. What comes meanwhile is left out, also later.',
    }),
    startingDeadlineSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2592000,
        description: 'A run that could not start within this time is left out. Absent: it starts late.',
      }),
    ),
    concurrencyPolicy: Type.Union([Type.Literal('Allow'), Type.Literal('Forbid'), Type.Literal('Replace')], {
      default: 'Allow',
      description:
        'When the run before is still going. Allow: start beside it. Forbid: wait for its end. Replace: cancel it, then start.',
    }),
    successfulRunsHistoryLimit: limit(3, 'How many finished runs that succeeded are kept.'),
    failedRunsHistoryLimit: limit(1, 'How many finished runs that did not succeed are kept.'),
    run: Type.Optional(ScheduledRun),
    savedCommand: Type.Optional(SavedCommandUse),
    requester: Type.Optional(LaterRequester),
  },
  { ...closed, description: 'What is to run and when. Either run or savedCommand.' },
);
export type ScheduleSpec = Static<typeof ScheduleSpec>;

const text = (description: string) => Type.Optional(Type.String({ description }));

const RunReference = Type.Object(
  {
    apiVersion: Type.String({ description: 'API version of the run.' }),
    kind: Type.String({ description: 'Kind of the run.' }),
    namespace: Type.String({ description: 'Namespace of the run.' }),
    name: Type.String({ description: 'Name of the run.' }),
    uid: Type.String({ description: 'Uid of the run.' }),
  },
  { ...closed, description: 'A run.' },
);

export const ScheduleStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({ description: 'The generation that this status is about.' }),
    ),
    lastScheduleTime: text('The last time for which a run was made.'),
    lastSuccessfulTime: text('When a run of it last ended well.'),
    nextScheduleTime: text('When it is due next; absent: it is suspended.'),
    settledTime: text('Times up to this one are done with: a run was made, or left out.'),
    lastRun: Type.Optional(
      Type.Object(
        {
          name: Type.String({ description: 'Its name.' }),
          phase: Type.String({ description: 'Where it stands, or how it ended.' }),
        },
        { ...closed, description: 'The newest run.' },
      ),
    ),
    active: Type.Optional(
      Type.Array(RunReference, {
        'x-kubernetes-list-type': 'atomic',
        description: 'Runs that are going on.',
      }),
    ),
    conditions: Type.Optional(Conditions),
  },
  { ...closed, description: 'What has become of it so far.' },
);
export type ScheduleStatus = Static<typeof ScheduleStatus>;

export const Schedule = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('Schedule'),
    metadata: ObjectMeta,
    spec: ScheduleSpec,
    status: Type.Optional(ScheduleStatus),
  },
  { ...closed, description: 'Schedule makes a CommandRun at certain times, in the name of who made it.' },
);
export type Schedule = Static<typeof Schedule>;

type Problem = { readonly field: string; readonly message: string };

// Stored objects have been validated by the schema.
const schedule = (object: KubeObject): Schedule => object as unknown as Schedule;

const check = (object: KubeObject): readonly Problem[] => {
  const { spec, metadata } = schedule(object);
  const { run, savedCommand } = spec;
  const wrong = timesProblem(spec.schedule, spec.timeZone);
  return [
    ...((metadata.name ?? '').length <= maxName
      ? []
      : [{ field: 'metadata.name', message: `must be no more than ${maxName} characters` }]),
    ...(wrong === undefined ? [] : [{ field: `spec.${wrong.field}`, message: wrong.message }]),
    ...((run === undefined) === (savedCommand === undefined)
      ? [{ field: 'spec', message: 'exactly one of run and savedCommand must be given' }]
      : []),
    ...(run === undefined ? [] : [...commandChecks(run, 'spec.run'), ...workChecks(run, 'spec.run')]),
    ...(savedCommand?.targets === undefined
      ? []
      : targetChecks(savedCommand.targets, 'spec.savedCommand.targets')),
  ];
};

export const scheduleKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'Schedule',
  plural: 'schedules',
  singular: 'schedule',
  shortNames: ['sched'],
  categories: [],
  scope: 'Namespaced',
  schema: Schedule,
  columns: [
    textColumn('Schedule', 'When', 0, (o) => schedule(o).spec.schedule),
    textColumn('Time Zone', 'By whose clock', 0, (o) => schedule(o).spec.timeZone),
    {
      name: 'Suspend',
      type: 'boolean',
      description: 'Whether nothing is started',
      priority: 0,
      cell: (o) => schedule(o).spec.suspend,
    },
    {
      name: 'Active',
      type: 'integer',
      description: 'Runs that are going on',
      priority: 0,
      cell: (o) => schedule(o).status?.active?.length ?? 0,
    },
    textColumn('Last Schedule', 'Time since the last run was made', 0, (o, nowMs) => {
      const last = schedule(o).status?.lastScheduleTime;
      return last === undefined ? '<none>' : ageOf(last, nowMs);
    }),
    textColumn('Last Result', 'How the newest run ended', 0, (o) => schedule(o).status?.lastRun?.phase ?? ''),
    textColumn('Next', 'When it is due next', 0, (o) => schedule(o).status?.nextScheduleTime ?? ''),
    textColumn('Message', 'Why it does not run', 1, (o) => readyOf(schedule(o))?.message ?? ''),
  ],
  hasStatus: true,
  subresources: [],
  serverFields: ['requester'],
  selectableFields: {},
  immutablePaths: [],
  check,
};

const readyOf = ({ status }: Schedule) =>
  status?.conditions?.find(({ type, status: is }) => type === 'Ready' && is === 'False');
