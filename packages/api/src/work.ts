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
  { ...closed, default: {}, description: 'How the nodes are gone through.' },
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
  { ...closed, default: {}, description: 'What becomes of nodes that are not connected.' },
);
export type Offline = Static<typeof Offline>;

/** Written by the server when the object is made; what clients send is ignored. */
export const Requester = Type.Object(
  {
    username: Type.String({ description: 'Name of the user.' }),
    groups: Type.Array(Type.String(), {
      default: [],
      'x-kubernetes-list-type': 'atomic',
      description: 'Groups at that time.',
    }),
    impersonator: Type.Optional(Type.String({ description: 'Who really asked, in the name of the user.' })),
  },
  { ...closed, description: 'Who made it; set by the server.' },
);
export type Requester = Static<typeof Requester>;

/** What a run policy asks for before anything starts. */
export const WorkApproval = Type.Object(
  {
    policy: Type.String({ description: 'The RunPolicy.' }),
    rule: Type.String({ description: 'Its rule.' }),
    message: Type.Optional(Type.String({ description: 'What the rule says.' })),
    expireTime: Type.String({ description: 'When it is cancelled if nobody approves it.' }),
  },
  { ...closed, description: 'Which rule asks for the approval of somebody else.' },
);
export type WorkApproval = Static<typeof WorkApproval>;

const count = (description: string) => Type.Integer({ minimum: 0, description });
/** How many tasks are in which state. succeeded + failed = exited. */
export const Counts = Type.Object(
  {
    total: count('Nodes in all.'),
    waiting: count('Not released yet by the strategy.'),
    queued: count('Released, and not handed to an agent yet.'),
    running: count('Handed to an agent, without a result yet.'),
    succeeded: count('Exited with code 0.'),
    failed: count('Exited with another code.'),
    signalled: count('Ended by a signal.'),
    timedOut: count('Killed at the timeout.'),
    cancelled: count('Ended because somebody cancelled.'),
    unreachable: count('Not connected, and not to be waited for.'),
    neverStarted: count('Certainly never started: expired, refused, or stopped by a limit.'),
    lost: count('Started, and what became of it cannot be known.'),
  },
  { ...closed, description: 'How many nodes are in which state.' },
);
export type Counts = Static<typeof Counts>;

export const WorkStatus = Type.Object(
  {
    phase: Type.Optional(
      Type.Union(
        ['Pending', 'Running', 'Paused', 'Cancelling', 'Succeeded', 'Failed', 'Cancelled'].map((p) =>
          Type.Literal(p as 'Pending'),
        ),
        { description: 'Where it stands; the last three are final.' },
      ),
    ),
    observedGeneration: Type.Optional(
      Type.Integer({ description: 'The generation that this status is about.' }),
    ),
    counts: Type.Optional(Counts),
    currentBatch: Type.Optional(Type.Integer({ description: 'The batch at work, from 1.' })),
    startTime: Type.Optional(Type.String({ description: 'When it was taken up.' })),
    completionTime: Type.Optional(Type.String({ description: 'When the last node had ended.' })),
    message: Type.Optional(Type.String({ description: 'Cause of the present wait or of the failure.' })),
    approval: Type.Optional(WorkApproval),
    conditions: Type.Optional(Conditions),
  },
  { ...closed, description: 'What has become of it so far.' },
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
