import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { Offline, Requester, Strategy, Targets, WorkStatus } from '../work.ts';
import { workChecks, workColumns } from './work-columns.ts';

const closed = { additionalProperties: false } as const;

export const FileTransferSpec = Type.Object(
  {
    direction: Type.Union([Type.Literal('Push'), Type.Literal('Pull')], {
      description: 'Push: to the nodes. Pull: from them.',
    }),
    manifest: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'Push: sha256 of the uploaded manifest (docs/protocol.md, "Content").',
      }),
    ),
    path: Type.String({
      minLength: 1,
      maxLength: 16384,
      pattern: '^/',
      description:
        'Absolute path on the node: where a push goes, or what a pull takes. Bytes that are not UTF-8 are written %XX, and % is %25.',
    }),
    mode: Type.Optional(
      Type.String({
        pattern: '^[0-7]{3,4}$',
        description: 'Octal mode for files; absent: as at the source.',
      }),
    ),
    owner: Type.Optional(
      Type.String({ description: 'user or user:group on the node; absent: as the agent runs.' }),
    ),
    check: Type.Boolean({
      default: false,
      description: 'Say what would change, with a diff for text; change nothing.',
    }),
    timeoutSeconds: Type.Integer({
      minimum: 1,
      maximum: 2592000,
      default: 86400,
      description: 'How long it may take on a node before it is given up.',
    }),
    targets: Targets,
    strategy: Strategy,
    offline: Offline,
    cancel: Type.Boolean({ default: false, description: 'Set to true to cancel; cannot be unset.' }),
    retryOf: Type.Optional(
      Type.String({ description: 'Name of the transfer whose failed nodes this one repeats.' }),
    ),
    requester: Type.Optional(Requester),
  },
  { ...closed, description: 'What is to be copied, where and how.' },
);
export type FileTransferSpec = Static<typeof FileTransferSpec>;

export const FileTransfer = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('FileTransfer'),
    metadata: ObjectMeta,
    spec: FileTransferSpec,
    status: Type.Optional(WorkStatus),
  },
  { ...closed, description: 'Copies a file or a directory tree to many nodes, or from many nodes.' },
);
export type FileTransfer = Static<typeof FileTransfer>;

const check = (object: KubeObject) => {
  const spec = (object as unknown as FileTransfer).spec;
  const wantsManifest = spec.direction === 'Push';
  const problem = wantsManifest === (spec.manifest === undefined);
  return [
    ...(problem
      ? [{ field: 'spec.manifest', message: wantsManifest ? 'a Push needs it' : 'a Pull does not take it' }]
      : []),
    ...workChecks(spec),
  ];
};

export const fileTransferKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'FileTransfer',
  plural: 'filetransfers',
  singular: 'filetransfer',
  shortNames: ['ft', 'transfer'],
  categories: ['work'],
  scope: 'Namespaced',
  schema: FileTransfer,
  columns: workColumns,
  hasStatus: true,
  subresources: ['results', 'log', 'approval'],
  serverFields: ['requester'],
  selectableFields: { 'status.phase': (o) => (o as unknown as FileTransfer).status?.phase ?? 'Pending' },
  immutablePaths: [
    'spec.direction',
    'spec.manifest',
    'spec.path',
    'spec.mode',
    'spec.owner',
    'spec.check',
    'spec.timeoutSeconds',
    'spec.targets',
    'spec.offline',
    'spec.retryOf',
  ],
  check,
};
