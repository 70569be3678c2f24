// Owns RetentionPolicy (drover.dev/v1alpha1): how long, and how much of, everything is kept that would grow for ever.
// I1: the audit trail has a floor: whoever may change the policy cannot make it forget what they have just done.
// There is one, named `default`: the controller makes it, and makes it anew with the defaults when it is deleted.
import { type Static, type TSchema, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';

const closed = { additionalProperties: false } as const;

export const retentionPolicyName = 'default';
/** I1. */
export const leastAudit = { keepDays: 30, keepRows: 10_000 } as const;

const whole = (minimum: number, maximum: number, usual: number, description: string) =>
  Type.Integer({ minimum, maximum, default: usual, description });
const days = (usual: number, description: string) => whole(1, 36_500, usual, description);
const part = <T extends Record<string, TSchema>>(description: string, fields: T) =>
  Type.Object(fields, { ...closed, default: {}, description });

export const RetentionSpec = Type.Object(
  {
    work: part('Runs and transfers, with the output and results of their nodes.', {
      keepDays: days(30, 'Days after their end.'),
    }),
    events: part('Events, which tell what happened to objects.', {
      keepHours: whole(1, 8_760, 1, 'Hours after the last time.'),
    }),
    revisions: part('Former states of objects, by which watches go on after a break.', {
      keepMinutes: whole(5, 10_080, 60, 'Minutes at least, unless there are more than keepCount.'),
      keepCount: whole(1_000, 10_000_000, 250_000, 'Not more than this, whatever their age.'),
    }),
    audit: part('Rows of the audit trail. The chain of those that stay can still be verified.', {
      keepDays: whole(leastAudit.keepDays, 36_500, 400, 'Days.'),
      keepRows: whole(0, 999_999_999, 0, 'Not more than this, the oldest go first; 0: however many.'),
    }),
    recordings: part('Recorded terminals.', {
      keepDays: days(90, 'Days after their end.'),
      keepMebibytes: whole(1, 1_073_741_824, 10_240, 'Not more than this together, the oldest go first.'),
    }),
    content: part('Content of transfers (files and lists of files) that no transfer names.', {
      keepHours: whole(1, 8_760, 24, 'Hours after it was last uploaded or asked for.'),
    }),
    certificateRequests: part('Requests of nodes for their certificate.', {
      keepHours: whole(1, 8_760, 1, 'Hours, when they were answered.'),
      waitHours: whole(1, 8_760, 24, 'Hours, when nobody has answered them.'),
    }),
    enrollmentTokens: part('Enrolment tokens that have expired.', {
      keepDays: days(30, 'Days after they expired.'),
    }),
    sshEnrollments: part('Enrolments over SSH of which every server has joined or failed.', {
      keepDays: days(30, 'Days after their end.'),
    }),
    certificates: part('What is known of certificates that have expired.', {
      keepDays: days(30, 'Days after they expired.'),
    }),
  },
  { ...closed, default: {}, description: 'How long, and how much, is kept.' },
);
export type RetentionSpec = Static<typeof RetentionSpec>;

const Kept = Type.Object(
  {
    name: Type.String({ description: 'What, e.g. commandruns, output, audit, recordings, content.' }),
    count: Type.Integer({ description: 'How many there are.' }),
    bytes: Type.Optional(
      Type.Integer({ description: 'How large they are together; of rows by the newest thousand, so about.' }),
    ),
    isEstimate: Type.Optional(
      Type.Boolean({
        description: 'True: both are by the statistics of the database, which is too large to be counted.',
      }),
    ),
  },
  { ...closed, description: 'How much there is of something.' },
);
export type Kept = Static<typeof Kept>;

export const RetentionPolicy = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('RetentionPolicy'),
    metadata: ObjectMeta,
    spec: RetentionSpec,
    status: Type.Optional(
      Type.Object(
        {
          observedGeneration: Type.Optional(
            Type.Integer({ description: 'The generation by which was last removed.' }),
          ),
          measuredAt: Type.Optional(
            Type.String({ description: 'When it was counted; it has not changed since.' }),
          ),
          databaseBytes: Type.Optional(Type.Integer({ description: 'Size of the database on the disk.' })),
          kept: Type.Optional(
            Type.Array(Kept, {
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['name'],
              description: 'How much there is now.',
            }),
          ),
        },
        { ...closed, description: 'How much is kept now.' },
      ),
    ),
  },
  { ...closed, description: 'RetentionPolicy says how long things are kept. There is one, named default.' },
);
export type RetentionPolicy = Static<typeof RetentionPolicy>;

// Stored objects have been validated by the schema.
const policy = (object: KubeObject): RetentionPolicy => object as unknown as RetentionPolicy;

/** What holds where there is no policy (yet). */
export const defaultRetention: RetentionSpec = {
  work: { keepDays: 30 },
  events: { keepHours: 1 },
  revisions: { keepMinutes: 60, keepCount: 250_000 },
  audit: { keepDays: 400, keepRows: 0 },
  recordings: { keepDays: 90, keepMebibytes: 10_240 },
  content: { keepHours: 24 },
  certificateRequests: { keepHours: 1, waitHours: 24 },
  enrollmentTokens: { keepDays: 30 },
  sshEnrollments: { keepDays: 30 },
  certificates: { keepDays: 30 },
};

type Problem = { readonly field: string; readonly message: string };

const nameProblems = ({ metadata: { name } }: KubeObject): readonly Problem[] =>
  name === retentionPolicyName
    ? []
    : [{ field: 'metadata.name', message: `must be "${retentionPolicyName}": there is one for all` }];

/** I1. */
const auditProblems = ({ keepRows }: RetentionSpec['audit']): readonly Problem[] =>
  keepRows === 0 || keepRows >= leastAudit.keepRows
    ? []
    : [
        {
          field: 'spec.audit.keepRows',
          message: `must be 0 (however many) or at least ${leastAudit.keepRows}`,
        },
      ];

export const retentionPolicyKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'RetentionPolicy',
  plural: 'retentionpolicies',
  singular: 'retentionpolicy',
  shortNames: [],
  categories: [],
  scope: 'Cluster',
  schema: RetentionPolicy,
  columns: [
    textColumn('Work', 'Runs and transfers', 0, (o) => `${policy(o).spec.work.keepDays}d`),
    textColumn('Events', 'Events', 0, (o) => `${policy(o).spec.events.keepHours}h`),
    textColumn('Audit', 'Rows of the audit trail', 0, (o) => `${policy(o).spec.audit.keepDays}d`),
    textColumn('Recordings', 'Recorded terminals', 0, (o) => `${policy(o).spec.recordings.keepDays}d`),
    textColumn('Content', 'Content that nobody names', 0, (o) => `${policy(o).spec.content.keepHours}h`),
  ],
  hasStatus: true,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  check: (o) => [...nameProblems(o), ...auditProblems(policy(o).spec.audit)],
};

interface Finder {
  find(kind: Kind, namespace: string, name: string): KubeObject | undefined;
}

/** What holds now. */
export const retentionIn = (resources: Finder): RetentionSpec => {
  const found = resources.find(retentionPolicyKind, '', retentionPolicyName);
  // One that an earlier version wrote does not say everything.
  return found === undefined ? defaultRetention : { ...defaultRetention, ...policy(found).spec };
};
