// Owns what a policy is told of a request beside its objects (admission/v1 AdmissionRequest).
import type { Kind, PolicyTarget } from '@drover/api';
import { type Identity, toSubject } from '../identity.ts';
import type { PolicyNote } from './verdict.ts';

/** A request that writes. */
export interface PolicyRequest {
  readonly identity: Identity;
  readonly kind: Kind;
  readonly subresource?: string | undefined;
  /** Absent: made, changed or deleted, as the guard is told. */
  readonly operation?: 'CONNECT';
  /** What kind the objects are of, where it is that of the subresource: Scale. */
  readonly objectKind?: Pick<Kind, 'group' | 'version' | 'kind'>;
  readonly namespace: string;
  /** As it was asked for; '' when the server makes it. */
  readonly name: string;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions; put together for the first policy that is about it. */
  readonly options: () => Readonly<Record<string, unknown>>;
  readonly onWarning: (message: string) => void;
  /** Told at each asking: what was told before counts no more. */
  readonly onNote: (note: PolicyNote) => void;
}

const userInfoOf = (identity: Identity): object => {
  const { name: username, groups } = toSubject(identity);
  const { uid, extra } = identity.kind === 'user' ? identity : {};
  return {
    username,
    groups,
    ...(uid === undefined ? {} : { uid }),
    ...(extra === undefined ? {} : { extra }),
  };
};

/** Without what is empty, as AdmissionRequest is in JSON. */
const compact = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined));

/** In `version`, in which the rules of the policy match. */
export const toRequest = (
  request: PolicyRequest,
  target: PolicyTarget,
  namespace: string,
  version: string,
) => {
  const { kind, subresource = '', objectKind = kind } = request;
  const gvk = (at: string) => ({ group: objectKind.group, version: at, kind: objectKind.kind });
  const gvr = (at: string) => ({ group: kind.group, version: at, resource: kind.plural });
  // What a scale is does not change with the version of what is scaled.
  const inVersion = objectKind === kind ? version : objectKind.version;
  return compact({
    kind: gvk(inVersion),
    resource: gvr(version),
    subResource: subresource,
    requestKind: gvk(objectKind.version),
    requestResource: gvr(kind.version),
    requestSubResource: subresource,
    name: request.name,
    namespace,
    operation: target.operation,
    userInfo: userInfoOf(request.identity),
    dryRun: request.dryRun,
    options: request.options(),
  });
};
