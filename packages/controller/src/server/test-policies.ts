// Policies against the real server, for the tests of this room.
import type { Ground } from './test-ground.ts';
import { type Answer, call } from './test-people.ts';

export const policiesPath = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
export const bindingsPath = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';

type Fields = Readonly<Record<string, unknown>>;

/** One rule about `resources` of a group. */
export const about = (
  resources: readonly string[],
  operations: readonly string[] = ['*'],
  apiGroup = '*',
) => ({
  resourceRules: [{ apiGroups: [apiGroup], apiVersions: ['*'], operations, resources }],
});

/** Makes a policy and a binding of the same name. Answers with the first that was refused, else with the second. */
export const enact = async (
  ground: Ground,
  name: string,
  spec: Fields,
  binding: Fields = { validationActions: ['Deny'] },
): Promise<Answer> => {
  const policy = await call(ground, {
    method: 'POST',
    path: policiesPath,
    body: { metadata: { name }, spec },
  });
  if (policy.code !== 201) return policy;
  const body = { metadata: { name }, spec: { policyName: name, ...binding } };
  return call(ground, { method: 'POST', path: bindingsPath, body });
};

/** Takes all policies and bindings away. */
export const repeal = async (ground: Ground): Promise<void> => {
  await call(ground, { method: 'DELETE', path: bindingsPath });
  await call(ground, { method: 'DELETE', path: policiesPath });
};
