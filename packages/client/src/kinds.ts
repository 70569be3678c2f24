// Owns how a client names a kind: no schemas are loaded for it, so that a program starts at once.
import type {
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  CommandRun,
  ConfigMap,
  EnrollmentToken,
  Event,
  FileTransfer,
  Group,
  KubeObject,
  Lease,
  Namespace,
  Node,
  NodeMetrics,
  RetentionPolicy,
  Role,
  RoleBinding,
  RunPolicy,
  SavedCommand,
  Schedule,
  Secret,
  ServiceAccount,
  SignInMethod,
  SSHEnrollment,
  User,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@drover/api';

/** Where a kind is served. `T` is what its objects are. */
export interface KindReference<T = KubeObject> {
  /** '' for core. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never set: carries T. */
  readonly object?: T;
}

const core = <T>(kind: string, plural: string, namespaced: boolean): KindReference<T> => ({
  group: '',
  version: 'v1',
  kind,
  plural,
  namespaced,
});

const drover = <T>(kind: string, plural: string, namespaced: boolean): KindReference<T> => ({
  group: 'drover.dev',
  version: 'v1alpha1',
  kind,
  plural,
  namespaced,
});

export const nodes = core<Node>('Node', 'nodes', false);
export const namespaces = core<Namespace>('Namespace', 'namespaces', false);
export const events = core<Event>('Event', 'events', true);
export const secrets = core<Secret>('Secret', 'secrets', true);
export const configMaps = core<ConfigMap>('ConfigMap', 'configmaps', true);
export const serviceAccounts = core<ServiceAccount>('ServiceAccount', 'serviceaccounts', true);
export const leases: KindReference<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
export const certificateSigningRequests: KindReference<CertificateSigningRequest> = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  namespaced: false,
};
export const nodeMetrics: KindReference<NodeMetrics> = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'NodeMetrics',
  plural: 'nodes',
  namespaced: false,
};
export const enrollmentTokens = drover<EnrollmentToken>('EnrollmentToken', 'enrollmenttokens', false);
export const sshEnrollments = drover<SSHEnrollment>('SSHEnrollment', 'sshenrollments', true);
export const commandRuns = drover<CommandRun>('CommandRun', 'commandruns', true);
export const savedCommands = drover<SavedCommand>('SavedCommand', 'savedcommands', true);
export const schedules = drover<Schedule>('Schedule', 'schedules', true);
export const users = drover<User>('User', 'users', false);
export const groups = drover<Group>('Group', 'groups', false);
export const signInMethods = drover<SignInMethod>('SignInMethod', 'signinmethods', false);
export const retentionPolicies = drover<RetentionPolicy>('RetentionPolicy', 'retentionpolicies', false);
export const runPolicies = drover<RunPolicy>('RunPolicy', 'runpolicies', false);
export const fileTransfers = drover<FileTransfer>('FileTransfer', 'filetransfers', true);

const rbac = <T>(kind: string, plural: string, namespaced: boolean): KindReference<T> => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced,
});

export const roles = rbac<Role>('Role', 'roles', true);
export const clusterRoles = rbac<ClusterRole>('ClusterRole', 'clusterroles', false);
export const roleBindings = rbac<RoleBinding>('RoleBinding', 'rolebindings', true);
export const clusterRoleBindings = rbac<ClusterRoleBinding>(
  'ClusterRoleBinding',
  'clusterrolebindings',
  false,
);

const admission = <T>(kind: string, plural: string): KindReference<T> => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced: false,
});

export const admissionPolicies = admission<ValidatingAdmissionPolicy>(
  'ValidatingAdmissionPolicy',
  'validatingadmissionpolicies',
);
export const admissionPolicyBindings = admission<ValidatingAdmissionPolicyBinding>(
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
);

/** The namespace that is meant when none is given. */
export const defaultNamespace = 'default';

/** Path of a kind's objects; namespace undefined: of all namespaces. */
export const toCollectionPath = (kind: KindReference<unknown>, namespace: string | undefined): string => {
  const prefix = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const within =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${prefix}${within}/${kind.plural}`;
};

/** Path of one object. */
export const toObjectPath = (
  kind: KindReference<unknown>,
  name: string,
  namespace: string = defaultNamespace,
): string => `${toCollectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
