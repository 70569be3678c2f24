// Owns the counting of an enrolment token's uses.
// I1: never more requests are let in than maxUses, whoever asks at once and whenever the controller is killed.
// I2: a request counts once: its uid stands in status.claims from the write that counts it until it has ended.
import {
  type CertificateSigningRequest,
  certificateSigningRequestKind,
  type EnrollmentToken,
  enrollmentTokenKind,
  type KubeObject,
  type TokenProblem,
  tokenProblem,
} from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Resources } from '../../resources/resources.ts';

// Stored objects have been validated by the schema of their kind.
export const asToken = (object: KubeObject): EnrollmentToken => object as unknown as EnrollmentToken;
export const asRequest = (object: KubeObject): CertificateSigningRequest =>
  object as unknown as CertificateSigningRequest;

export interface Claims {
  /** Counts the request. Undefined when it is (or was) let in, else why it is not. */
  claim(token: string, request: KubeObject, mode: 'policy' | 'person'): Promise<TokenProblem | undefined>;
}

/** What a person's approval does not overrule. */
const absolute: readonly TokenProblem[] = ['revoked', 'used'];

const hasEnded = (object: KubeObject | undefined): boolean => {
  if (object === undefined) return true;
  const { conditions = [], certificate } = asRequest(object).status ?? {};
  return certificate !== undefined || conditions.some((c) => c.type === 'Denied' || c.type === 'Failed');
};

export const createClaims = ({
  resources,
  clock,
}: {
  readonly resources: Resources;
  readonly clock: Clock;
}): Claims => {
  /** Per token, one after another: many servers enrol with the same one. */
  const queues = new Map<string, Promise<unknown>>();

  const claim: Claims['claim'] = async (token, request, mode) => {
    const uid = request.metadata.uid ?? '';
    let problem: TokenProblem | undefined;
    if (resources.find(enrollmentTokenKind, '', token) === undefined) {
      return mode === 'person' ? undefined : 'unknown';
    }
    const live = new Set(
      resources
        .list(certificateSigningRequestKind)
        .items.filter((object) => !hasEnded(object))
        .map((object) => object.metadata.uid ?? ''),
    );
    const change = (object: KubeObject): KubeObject | undefined => {
      const { status = {}, spec } = asToken(object);
      const claims = status.claims ?? [];
      problem = undefined;
      if (claims.includes(uid)) return undefined;
      const found = tokenProblem(object, clock.nowMs());
      problem = mode === 'policy' || (found !== undefined && absolute.includes(found)) ? found : undefined;
      if (problem !== undefined) return undefined;
      const uses = (status.uses ?? 0) + 1;
      const phase = uses >= spec.maxUses ? 'Used' : (status.phase ?? 'Active');
      return {
        ...object,
        status: { ...status, uses, phase, claims: [...claims.filter((one) => live.has(one)), uid] },
      };
    };
    await resources.modify(enrollmentTokenKind, '', token, change, { subresource: 'status' });
    return problem;
  };

  return {
    claim: (token, request, mode) => {
      const next = (queues.get(token) ?? Promise.resolve())
        .catch(() => undefined)
        .then(() => claim(token, request, mode));
      queues.set(token, next);
      const done = () => {
        if (queues.get(token) === next) queues.delete(token);
      };
      next.then(done, done);
      return next;
    },
  };
};
