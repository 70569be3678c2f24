// Owns the list of everything that grows with use, and what bounds each: tables, kinds, files of a data directory.
// I1: nothing is without a bound: a new table, kind or file that is not named here fails the tests.
// `npm run bench -- year` measures that the bounds hold.
import { type Kind, type RetentionSpec, resourceKey } from '@drover/api';

export type Bound =
  /** Removed when the RetentionPolicy says so. */
  | { readonly by: 'policy'; readonly part: keyof RetentionSpec }
  /** One for each of what people have, and gone with it. */
  | { readonly by: 'owner'; readonly owner: string }
  /** People make it, and it stays until they delete it: quotas limit how much. */
  | { readonly by: 'people' }
  /** A number that does not depend on use. */
  | { readonly by: 'number'; readonly most: string };

const policy = (part: keyof RetentionSpec): Bound => ({ by: 'policy', part });
const owner = (name: string): Bound => ({ by: 'owner', owner: name });
const number = (most: string): Bound => ({ by: 'number', most });
const people: Bound = { by: 'people' };

/** Table of the store → what bounds its rows. */
export const tableBounds: Readonly<Record<string, Bound>> = {
  counter: number('one row a counter'),
  meta: number('one row a name that the program knows'),
  object_log: policy('revisions'),
  work: policy('work'),
  task: policy('work'),
  output: policy('work'),
  agent: owner('Node'),
  certificate: policy('certificates'),
  credential: number(
    'sessions, links, tokens and client certificates that are valid, and what ended within ten minutes',
  ),
  factor: owner('User'),
  failed_try: number('20,000 rows, the oldest go first'),
  blob: policy('content'),
  upload: number('2,048, none older than a week'),
  audit: policy('audit'),
  audit_anchor: number('one row'),
  pending: number('of each way to sign in so many, each for minutes; the oldest give way'),
};

/** The same of the tables that only a database of several controllers has. */
export const sharedTableBounds: Readonly<Record<string, Bound>> = {
  kept_file: number('the keys that are in use'),
  piece: number(
    'the bytes of content, uploads and recordings, which have their bounds, and what is being removed',
  ),
  blob_body: policy('content'),
  recording: policy('recordings'),
  dropped_body: number('what is being removed'),
  notice: number('11,000 and those of the last two minutes, the oldest go first'),
  drover_schema: number('one row'),
  drover_filling: number('empty'),
};

const bounded: Readonly<Record<string, Bound>> = {
  events: policy('events'),
  nodes: owner('server'),
  'nodes.metrics.k8s.io': owner('Node'),
  'certificatesigningrequests.certificates.k8s.io': policy('certificateRequests'),
  'commandruns.drover.dev': policy('work'),
  'filetransfers.drover.dev': policy('work'),
  'enrollmenttokens.drover.dev': policy('enrollmentTokens'),
  'sshenrollments.drover.dev': policy('sshEnrollments'),
  'retentionpolicies.drover.dev': number('one, named default'),
};

/** Kinds that no controller makes of itself. */
const ofPeople: ReadonlySet<string> = new Set([
  ...[
    'configmaps',
    'namespaces',
    'resourcequotas',
    'secrets',
    'serviceaccounts',
    'leases.coordination.k8s.io',
  ],
  ...['groups', 'users', 'signinmethods', 'runpolicies', 'savedcommands', 'schedules'].map(
    (name) => `${name}.drover.dev`,
  ),
  ...['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map(
    (name) => `${name}.rbac.authorization.k8s.io`,
  ),
  'customresourcedefinitions.apiextensions.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
]);

/** A kind is asked and answered, and never stored. */
const isReview = ({ group }: Kind): boolean =>
  group === 'authentication.k8s.io' || group === 'authorization.k8s.io';

export const kindBound = (kind: Kind): Bound | undefined => {
  const key = resourceKey(kind);
  if (isReview(kind)) return number('never stored');
  return bounded[key] ?? (ofPeople.has(key) ? people : undefined);
};

/** Entry of a data directory → what bounds its bytes. */
export const fileBounds: Readonly<Record<string, Bound>> = {
  'drover.db': number('what the rows take; a quarter more, or 32 MiB, stays free to be used again'),
  'drover.db-wal': number('128 MiB, beyond it only while somebody reads'),
  'drover.db-shm': number('an index of drover.db-wal'),
  'lock.db': number('empty'),
  'lock.db-journal': number('empty'),
  pid: number('one line'),
  'controller-id': number('one line'),
  'admin.json': number('one context'),
  'audit.log': number('--audit-log-mb, and --audit-log-files earlier ones'),
  'audit.log.ahead': number('one for each time that the store lost rows; who has looked at it moves it away'),
  'controller.log': number('--log-mb and --log-files'),
  reserve: number('64 MiB, or a quarter of what was free'),
  'reserve.new': number('as much: the reserve while it is made'),
  blobs: policy('content'),
  uploads: number('2,048 uploads, none older than a week'),
  recordings: policy('recordings'),
  keys: number('the keys that are in use'),
  'content-cache': number('--content-cache-gib'),
  staging: number('one that is fetched, for an hour'),
  'local-node': number('journal: 20,000 results or a week; output until it is acknowledged'),
  'local-node.log': number('4 MiB twice'),
  'local-node.pid': number('one line'),
};
