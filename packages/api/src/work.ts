// Owns what CommandRun and FileTransfer share: whom they target, how they widen, and what is counted.
import { type Static, Type } from 'typebox';
import { Conditions, LabelSelector } from './meta.ts';

export * from './task-states.ts';

const closed = { additionalProperties: false } as const;

/** A count of nodes (3) or a share of them ("10%"). */
export const IntOrPercent = Type.Union([
  Type.Integer({ minimum: 0 }),
  Type.String({ pattern: '^(100|[1-9]?[0-9])%$' }),
]);
export type IntOrPercent = Static<typeof IntOrPercent>;

export const Targets = Type.Object(
  {
    nodeSet: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 65536,
        description:
          'Node-set expression: names with ranges "web[1-20]", groups "@db", all "*", union ",", minus "!", intersection "&", exclusive "^".',
      }),
    ),
    labelSelector: Type.Optional(LabelSelector),
  },
  { ...closed, description: 'Which nodes. Both given: nodes that match both. Neither: refused.' },
);
export type Targets = Static<typeof Targets>;

export const Strategy = Type.Object(
  {
    width: Type.Integer({
      minimum: 0,
      default: 0,
      description: 'At most this many nodes at work at a time; 0: no limit.',
    }),
    batches: Type.Array(IntOrPercent, {
      default: [],
      maxItems: 64,
      description:
        'Sizes of successive batches; the last repeats. [1, "5%", "100%"] is canary, then five per cent, then the rest. Empty: one batch.',
    }),
    pauseSeconds: Type.Integer({ minimum: 0, default: 0, description: 'Pause between batches.' }),
    gate: Type.Union([Type.Literal('Automatic'), Type.Literal('AfterFirst'), Type.Literal('EveryBatch')], {
      default: 'Automatic',
      description: 'Whether somebody must approve going on after the first, or after every, batch.',
    }),
    approvedBatches: Type.Integer({
      minimum: 0,
      default: 0,
      description:
        'How many finished batches somebody has approved. May be raised while the run is going on.',
    }),
    maxFailures: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^(100|[1-9]?[0-9])%$' })], {
        description: 'Once more nodes than this have failed, nothing further is started. Absent: go on.',
      }),
    ),
  },
  { ...closed, default: {} },
);
export type Strategy = Static<typeof Strategy>;

export const Offline = Type.Object(
  {
    policy: Type.Union([Type.Literal('Queue'), Type.Literal('Skip')], {
      default: 'Queue',
      description: 'Queue: wait for the node to connect. Skip: count it as unreachable at once.',
    }),
    expireSeconds: Type.Integer({
      minimum: 1,
      maximum: 2592000,
      default: 3600,
      description: 'A task not started this long after creation ends as never-started.',
    }),
  },
  { ...closed, default: {} },
);
export type Offline = Static<typeof Offline>;

const count = Type.Integer({ minimum: 0 });
/** How many tasks are in which state. succeeded + failed = exited. */
export const Counts = Type.Object(
  {
    total: count,
    waiting: count,
    queued: count,
    running: count,
    succeeded: count,
    failed: count,
    signalled: count,
    timedOut: count,
    cancelled: count,
    unreachable: count,
    neverStarted: count,
    lost: count,
  },
  closed,
);
export type Counts = Static<typeof Counts>;

export const WorkStatus = Type.Object(
  {
    phase: Type.Optional(
      Type.Union(
        ['Pending', 'Running', 'Paused', 'Cancelling', 'Succeeded', 'Failed', 'Cancelled'].map((p) =>
          Type.Literal(p as 'Pending'),
        ),
      ),
    ),
    observedGeneration: Type.Optional(Type.Integer()),
    counts: Type.Optional(Counts),
    currentBatch: Type.Optional(Type.Integer()),
    startTime: Type.Optional(Type.String()),
    completionTime: Type.Optional(Type.String()),
    message: Type.Optional(Type.String({ description: 'Cause of the present wait or of the failure.' })),
    conditions: Type.Optional(Conditions),
  },
  closed,
);
export type WorkPhase =
  | 'Pending'
  | 'Running'
  | 'Paused'
  | 'Cancelling'
  | 'Succeeded'
  | 'Failed'
  | 'Cancelled';
export type WorkStatus = Omit<Static<typeof WorkStatus>, 'phase'> & { phase?: WorkPhase };
