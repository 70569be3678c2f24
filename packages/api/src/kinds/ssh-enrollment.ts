// Owns SSHEnrollment (drover.dev/v1alpha1): servers that the controller makes join over SSH.
// I1: no secret stands in it: user names and host keys only; keys and passwords are in a Secret.
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { type SSHHost, toSSHHosts } from '../ssh-enrolment.ts';
import { labelCauses } from '../validation/metadata.ts';

const closed = { additionalProperties: false } as const;
const maxHosts = 500;

export const SSHHostGroup = Type.Object(
  {
    names: Type.String({
      minLength: 1,
      maxLength: 4096,
      description:
        'Names or addresses of servers, with ranges: web[1-20].lan,10.0.0.7. An IPv6 address stands alone.',
    }),
    user: Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: '^[^\\s:@-][^\\s:@]*$',
      default: 'root',
      description: 'Whom to sign in as.',
    }),
    port: Type.Integer({ minimum: 1, maximum: 65535, default: 22, description: 'Where sshd listens.' }),
  },
  { ...closed, description: 'Servers that are reached in the same way.' },
);
export type SSHHostGroup = Static<typeof SSHHostGroup>;

const hostName = (description: string) => Type.String({ minLength: 1, maxLength: 300, description });

export const SSHEnrollmentSpec = Type.Object(
  {
    hosts: Type.Array(SSHHostGroup, {
      minItems: 1,
      maxItems: maxHosts,
      description: `The servers; at most ${maxHosts} in all.`,
    }),
    credentials: Type.Object(
      {
        secretName: Type.String({
          minLength: 1,
          maxLength: 253,
          description:
            'Secret of the same namespace with ssh-privatekey (and passphrase) or password, and sudo-password where it is another.',
        }),
        deleteSecret: Type.Boolean({
          default: false,
          description:
            'Whether the Secret goes as soon as no host needs it any more: all have joined, or the time is up.',
        }),
      },
      { ...closed, description: 'What to sign in with.' },
    ),
    hostKeys: Type.Optional(
      Type.Array(
        Type.Object(
          {
            host: hostName('Which host, as in status.hosts: web1, or web1:2222.'),
            fingerprint: Type.String({
              pattern: '^SHA256:[A-Za-z0-9+/]{43}$',
              description: 'SHA256:... as ssh-keygen -lf prints it.',
            }),
          },
          { ...closed, description: 'A host key that is trusted.' },
        ),
        {
          maxItems: 4 * maxHosts,
          description:
            'Host keys that are trusted, by fingerprint. A host without one, here or in knownHosts, waits until somebody puts it here.',
        },
      ),
    ),
    knownHosts: Type.Optional(
      Type.Array(Type.String({ maxLength: 4096 }), {
        maxItems: 4 * maxHosts,
        description: 'Lines of a known_hosts file (sshd(8)).',
      }),
    ),
    sudo: Type.Boolean({
      default: true,
      description: 'Whether to become root with sudo where the user is not root.',
    }),
    labels: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Labels of the nodes.' })),
    parallelism: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 16,
      description: 'At most this many servers at a time.',
    }),
    timeoutSeconds: Type.Integer({
      minimum: 10,
      maximum: 3600,
      default: 120,
      description: 'How long one server may take.',
    }),
    activeDeadlineSeconds: Type.Integer({
      minimum: 60,
      maximum: 604800,
      default: 3600,
      description: 'After this time nothing is tried or waited for any more.',
    }),
    ttlSecondsAfterFinished: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 31536000,
        default: 604800,
        description: 'How long after its end the object is removed.',
      }),
    ),
    attempts: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 1, maximum: 1000 }), {
        description:
          'Which try of a host is wanted; 1 unless it is here. One more tries a host that failed again.',
      }),
    ),
  },
  { ...closed, description: 'Which servers, how they are reached, and by which keys they are known.' },
);

const text = (description: string) => Type.Optional(Type.String({ description }));

const hostPhases = [
  'Pending',
  'Connecting',
  'HostKeyUnknown',
  'Installing',
  'Joining',
  'Ready',
  'Failed',
] as const;
export type SSHHostPhase = (typeof hostPhases)[number];

export const SSHHostStatus = Type.Object(
  {
    host: hostName('Name or address, with its port unless that is 22.'),
    phase: Type.Union(
      hostPhases.map((phase) => Type.Literal(phase as 'Pending')),
      { description: 'Where it stands.' },
    ),
    message: text('What went wrong, or what it waits for.'),
    remedy: text('What to do about it.'),
    since: text('Since when it is in this phase.'),
    attempt: Type.Integer({ description: 'Which try this is about.' }),
    hostKey: Type.Optional(
      Type.Object(
        {
          type: Type.String({ description: 'Kind of key, e.g. ssh-ed25519.' }),
          fingerprint: Type.String({ description: 'SHA256:..., to be compared on the server.' }),
        },
        { ...closed, description: 'The key that it showed, when that is not trusted.' },
      ),
    ),
    token: text('The enrolment token that it joins with.'),
    node: text('The node that it has become.'),
  },
  { ...closed, description: 'One server.' },
);
// TypeBox makes a union of what a mapped list gives only in part: the phase is any of the list.
export type SSHHostStatus = Omit<Static<typeof SSHHostStatus>, 'phase'> & { phase: SSHHostPhase };

export const SSHEnrollment = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('SSHEnrollment'),
    metadata: ObjectMeta,
    spec: SSHEnrollmentSpec,
    status: Type.Optional(
      Type.Object(
        {
          phase: text('Running, WaitingForTrust, Succeeded, or Failed.'),
          observedGeneration: Type.Optional(
            Type.Integer({ description: 'The generation that this status is about.' }),
          ),
          hosts: Type.Optional(
            Type.Array(SSHHostStatus, {
              'x-kubernetes-list-type': 'atomic',
              description: 'Every server, in the order of the spec.',
            }),
          ),
          ready: Type.Optional(Type.Integer({ description: 'How many have joined.' })),
          failed: Type.Optional(Type.Integer({ description: 'How many could not.' })),
          total: Type.Optional(Type.Integer({ description: 'How many there are.' })),
          completionTime: text('When all had ended.'),
        },
        { ...closed, description: 'What has become of it so far.' },
      ),
    ),
  },
  { ...closed, description: 'SSHEnrollment makes servers join over SSH, from the controller.' },
);
type Parsed = Static<typeof SSHEnrollment>;
export type SSHEnrollment = Omit<Parsed, 'status'> & {
  status?: Omit<NonNullable<Parsed['status']>, 'hosts'> & { hosts?: SSHHostStatus[] };
};

type Problem = { readonly field: string; readonly message: string };

// Stored objects have been validated by the schema.
const enrolment = (object: KubeObject): SSHEnrollment => object as unknown as SSHEnrollment;

/** A host, or an address; what begins with '-' is none. */
const isHost = (address: string): boolean => /^[A-Za-z0-9_:.%][A-Za-z0-9_:.%-]*$/.test(address);

const hostProblems = (spec: SSHEnrollment['spec']): readonly Problem[] => {
  const field = 'spec.hosts';
  let hosts: readonly SSHHost[];
  try {
    hosts = toSSHHosts(spec);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ field, message: why.replace('cannot read the node-set: ', '') }];
  }
  if (hosts.length === 0)
    return [{ field, message: 'stands for no server: groups and "*" are of nodes that have joined' }];
  if (hosts.length > maxHosts)
    return [{ field, message: `${hosts.length} servers: at most ${maxHosts} at once` }];
  const bad = hosts.find(({ address }) => !isHost(address));
  if (bad !== undefined) return [{ field, message: `"${bad.address}" is no name or address` }];
  const seen = new Set<string>();
  const twice = hosts.find(({ host }) => seen.size === seen.add(host).size);
  return twice === undefined ? [] : [{ field, message: `${twice.host} is there twice` }];
};

const phaseOf = (object: KubeObject): string => enrolment(object).status?.phase ?? 'Pending';

export const sshEnrollmentKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'SSHEnrollment',
  plural: 'sshenrollments',
  singular: 'sshenrollment',
  shortNames: ['sshe'],
  categories: [],
  scope: 'Namespaced',
  schema: SSHEnrollment,
  columns: [
    textColumn('Phase', 'Where it stands', 0, phaseOf),
    {
      name: 'Hosts',
      type: 'integer',
      description: 'How many servers',
      priority: 0,
      cell: (o) => enrolment(o).status?.total ?? 0,
    },
    {
      name: 'Ready',
      type: 'integer',
      description: 'How many have joined',
      priority: 0,
      cell: (o) => enrolment(o).status?.ready ?? 0,
    },
    {
      name: 'Failed',
      type: 'integer',
      description: 'How many could not',
      priority: 0,
      cell: (o) => enrolment(o).status?.failed ?? 0,
    },
    textColumn(
      'Unknown Keys',
      'Servers whose key somebody must compare',
      0,
      (o) => `${enrolment(o).status?.hosts?.filter(({ phase }) => phase === 'HostKeyUnknown').length ?? 0}`,
    ),
  ],
  hasStatus: true,
  subresources: [],
  selectableFields: {},
  immutablePaths: ['spec.hosts', 'spec.credentials', 'spec.labels', 'spec.sudo'],
  check: (object) => [
    ...hostProblems(enrolment(object).spec),
    ...labelCauses('spec.labels', enrolment(object).spec.labels ?? {}),
  ],
};
