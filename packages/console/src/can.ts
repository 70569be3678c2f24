// Owns what each action of the console asks leave for. The controller decides (api/permissions.ts); here is only the question.

/** resourceAttributes of a SelfSubjectAccessReview. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** nonResourceAttributes: what is not a kind. `verb` is the HTTP method in lower case. */
export interface PathAttributes {
  readonly verb: string;
  readonly path: string;
}

const drover = 'drover.dev';
const users = (verb: string, name: string, subresource: string): Attributes => ({
  verb,
  group: drover,
  resource: 'users',
  name,
  subresource,
});
const nodes = (verb: string, name?: string): Attributes => ({
  verb,
  group: '',
  resource: 'nodes',
  ...(name === undefined ? {} : { name }),
});

export const can = {
  seeNodes: () => nodes('list'),
  editNode: (name: string) => nodes('patch', name),
  editNodes: () => nodes('patch'),
  deleteNode: (name: string) => nodes('delete', name),
  deleteNodes: () => nodes('delete'),
  updateAgent: (node: string): PathAttributes => ({
    verb: 'post',
    path: `/agents/${encodeURIComponent(node)}/update`,
  }),
  openShell: (node: string): Attributes => ({ ...nodes('create', node), subresource: 'shell' }),
  approveNodes: (): Attributes => ({
    verb: 'update',
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    subresource: 'approval',
  }),
  changeTokens: (): Attributes => ({ verb: 'patch', group: drover, resource: 'enrollmenttokens' }),
  makeTokens: (): Attributes => ({ verb: 'create', group: drover, resource: 'enrollmenttokens' }),
  enrolBySsh: (namespace: string): Attributes => ({
    verb: 'create',
    group: drover,
    resource: 'sshenrollments',
    namespace,
  }),
  makeSecret: (namespace: string): Attributes => ({
    verb: 'create',
    group: '',
    resource: 'secrets',
    namespace,
  }),
  changeSshEnrollment: (namespace: string, name: string): Attributes => ({
    verb: 'patch',
    group: drover,
    resource: 'sshenrollments',
    namespace,
    name,
  }),
  trustHostKeys: (namespace: string, name: string): Attributes => ({
    verb: 'trust',
    group: drover,
    resource: 'sshenrollments',
    namespace,
    name,
  }),
  runCommands: (namespace: string): Attributes => ({
    verb: 'create',
    group: drover,
    resource: 'commandruns',
    namespace,
  }),
  cancelRun: (namespace: string, name: string): Attributes => ({
    verb: 'patch',
    group: drover,
    resource: 'commandruns',
    namespace,
    name,
  }),
  /** What a run policy asks about. `plural`: commandruns or filetransfers. */
  decideWork: (plural: string, namespace: string, name: string): Attributes => ({
    verb: 'patch',
    group: drover,
    resource: plural,
    subresource: 'approval',
    namespace,
    name,
  }),
  moveFiles: (namespace: string): Attributes => ({
    verb: 'create',
    group: drover,
    resource: 'filetransfers',
    namespace,
  }),
  seeAudit: (): PathAttributes => ({ verb: 'get', path: '/audit' }),
  verifyAudit: (): PathAttributes => ({ verb: 'get', path: '/audit/verify' }),
  backUp: (): PathAttributes => ({ verb: 'post', path: '/backups' }),
  rotateKeys: (): PathAttributes => ({ verb: 'post', path: '/encryption/rotate' }),
  takeSupportBundle: (): PathAttributes => ({ verb: 'post', path: '/support-bundle' }),
  makeApiTokens: (): PathAttributes => ({ verb: 'post', path: '/auth/tokens' }),
  setPassword: (user: string) => users('update', user, 'password'),
  removePassword: (user: string) => users('delete', user, 'password'),
  makeLink: (user: string) => users('create', user, 'link'),
  seeCredentials: (user: string) => users('get', user, 'sessions'),
  revokeCredentials: (user: string) => users('delete', user, 'sessions'),
  resetSecondFactor: (user: string) => users('delete', user, 'secondfactor'),
  makeAccountToken: (namespace: string, name: string): Attributes => ({
    verb: 'create',
    group: '',
    resource: 'serviceaccounts',
    subresource: 'token',
    namespace,
    name,
  }),
  askAboutOthers: (): Attributes => ({
    verb: 'create',
    group: 'authorization.k8s.io',
    resource: 'subjectaccessreviews',
  }),
  /** Any verb on any kind. */
  any: (
    verb: string,
    kind: { group: string; plural: string },
    namespace?: string,
    name?: string,
  ): Attributes => ({
    verb,
    group: kind.group,
    resource: kind.plural,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  }),
};
