import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { Signed, signedCauses } from '../signing/signed.ts';
import { Offline, Requester, Strategy, Targets, WorkStatus } from '../work.ts';
import { commandChecks, workChecks, workColumns } from './work-columns.ts';

const closed = { additionalProperties: false } as const;

export const CommandRunSpec = Type.Object(
  {
    argv: Type.Optional(
      Type.Array(Type.String({ maxLength: 131072 }), {
        minItems: 1,
        maxItems: 4096,
        description: 'The command as a list of arguments; no shell.',
      }),
    ),
    script: Type.Optional(
      Type.Object(
        {
          interpreter: Type.Array(Type.String(), {
            minItems: 1,
            default: ['/bin/sh'],
            description: 'The program and its first arguments; the file of the script follows them.',
          }),
          source: Type.String({ minLength: 1, maxLength: 1048576, description: 'The text of the script.' }),
        },
        { ...closed, description: 'A script, given to the interpreter as a file. Either argv or script.' },
      ),
    ),
    user: Type.Optional(
      Type.String({ description: "Run as this user of the node; absent: as the agent's user." }),
    ),
    cwd: Type.Optional(
      Type.String({ description: "Working directory on the node; absent: the user's home directory." }),
    ),
    env: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Variables beside PATH, HOME, USER, LOGNAME, SHELL and LANG.',
      }),
    ),
    stdin: Type.Optional(
      Type.String({
        maxLength: 1048576,
        description: 'Given to the command as standard input; absent: none.',
      }),
    ),
    timeoutSeconds: Type.Integer({
      minimum: 1,
      maximum: 2592000,
      default: 3600,
      description: 'How long it may run on a node before it is killed.',
    }),
    maxOutputBytes: Type.Integer({
      minimum: 0,
      maximum: 1073741824,
      default: 16777216,
      description: 'Cap per stream and node; what is beyond is dropped, counted and shown as such.',
    }),
    targets: Targets,
    strategy: Strategy,
    offline: Offline,
    cancel: Type.Boolean({ default: false, description: 'Set to true to cancel; cannot be unset.' }),
    signed: Type.Optional(Signed),
    retryOf: Type.Optional(
      Type.String({ description: 'Name of the run whose failed nodes this one repeats.' }),
    ),
    requester: Type.Optional(Requester),
  },
  { ...closed, description: 'What is to run, where and how.' },
);
export type CommandRunSpec = Static<typeof CommandRunSpec>;

export const CommandRun = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('CommandRun'),
    metadata: ObjectMeta,
    spec: CommandRunSpec,
    status: Type.Optional(WorkStatus),
  },
  { ...closed, description: 'Runs one command on many nodes, each at most once, and keeps every result.' },
);
export type CommandRun = Static<typeof CommandRun>;

const check = (object: KubeObject) => {
  const spec = (object as unknown as CommandRun).spec;
  return [...commandChecks(spec, 'spec'), ...workChecks(spec), ...signedCauses(spec)];
};

export const commandRunKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'CommandRun',
  plural: 'commandruns',
  singular: 'commandrun',
  shortNames: ['run', 'runs'],
  categories: ['work'],
  scope: 'Namespaced',
  schema: CommandRun,
  columns: workColumns,
  hasStatus: true,
  subresources: ['results', 'log', 'approval'],
  serverFields: ['requester'],
  selectableFields: { 'status.phase': (o) => (o as unknown as CommandRun).status?.phase ?? 'Pending' },
  immutablePaths: [
    'spec.argv',
    'spec.script',
    'spec.user',
    'spec.cwd',
    'spec.env',
    'spec.stdin',
    'spec.timeoutSeconds',
    'spec.maxOutputBytes',
    'spec.targets',
    'spec.offline',
    'spec.retryOf',
    'spec.signed',
  ],
  check,
};
