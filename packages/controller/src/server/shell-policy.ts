// Owns how a request for a terminal is put to the policies: as CONNECT to nodes/shell, as Kubernetes has it for pods/exec.
import { nodeKind } from '@drover/api';
import type { Identity } from '../auth/identity.ts';
import type { ShellRequest } from '../platform/shell.ts';
import type { ServerAuth } from './deps.ts';
import type { ShellAudit } from './shell-audit.ts';

/** What policies see as the object; it is not served. */
const optionsKind = { group: 'drover.dev', version: 'v1alpha1', kind: 'NodeShellOptions' } as const;

/** Throws what a policy says. Whoever opens a terminal cannot be warned: there is nowhere to print it. */
export const askPolicies = async (
  { policies }: ServerAuth,
  identity: Identity,
  { node, user, argv }: ShellRequest,
  audit: Pick<ShellAudit, 'policyNote'>,
): Promise<void> => {
  await policies.ready();
  const ask = policies.guard({
    identity,
    kind: nodeKind,
    subresource: 'shell',
    operation: 'CONNECT',
    objectKind: optionsKind,
    namespace: '',
    name: node,
    dryRun: false,
    options: () => ({}),
    onWarning: () => undefined,
    onNote: (note) => {
      audit.policyNote = note;
    },
  });
  const { group, version, kind } = optionsKind;
  ask(undefined, { apiVersion: `${group}/${version}`, kind, metadata: { name: node }, user, argv });
};
