// Owns the signing of approved requests for client certificates (signerName kubernetes.io/kube-apiserver-client).
// I1: nothing is signed that nobody has approved; who may approve is asked as they do (auth/rbac/person-guard.ts I2).
// I2: for whom it is, is looked at again as it is signed: they may be gone, or in fewer groups.
// What has ended is cleaned up with the requests of nodes (enrolment/controller.ts I3).
import {
  ApiError,
  type CertificateSigningRequest,
  certificateSigningRequestKind,
  clientSigner,
  type KubeObject,
  maxCertificateSeconds,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import { createKeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';

export interface ClientSigner {
  /** @throws ApiError Invalid when it is for nobody who is there, or for groups that they are not in. */
  issue(
    csrPem: string,
    wish: { readonly description: string; readonly lifeSeconds: number | undefined },
  ): Promise<{ readonly certPem: string }>;
}

interface Deps {
  readonly resources: Resources;
  readonly certificates: ClientSigner;
  readonly clock: Clock;
  readonly log: Log;
}

type Status = NonNullable<CertificateSigningRequest['status']>;

// Stored objects have been validated by the schema of their kind.
const asRequest = (object: KubeObject): CertificateSigningRequest =>
  object as unknown as CertificateSigningRequest;

/** I1. */
const isDue = (object: KubeObject | undefined): object is KubeObject => {
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return false;
  const { spec, status } = asRequest(object);
  const has = (type: string): boolean => (status?.conditions ?? []).some((one) => one.type === type);
  if (spec.signerName !== clientSigner || status?.certificate !== undefined) return false;
  return has('Approved') && !has('Denied') && !has('Failed');
};

const sign = async ({ certificates, clock }: Deps, object: KubeObject): Promise<Status> => {
  const { request, expirationSeconds } = asRequest(object).spec;
  const lifeSeconds =
    expirationSeconds === undefined ? undefined : Math.min(expirationSeconds, maxCertificateSeconds);
  const description = `request ${object.metadata.name ?? ''}`;
  try {
    const csrPem = Buffer.from(request, 'base64').toString('latin1');
    const { certPem } = await certificates.issue(csrPem, { description, lifeSeconds });
    return { certificate: Buffer.from(certPem).toString('base64') };
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Invalid') throw error;
    const now = toTimestamp(clock.nowMs());
    const { message } = error;
    const failed = { type: 'Failed', status: 'True', reason: 'RequestInvalid', message } as const;
    return { conditions: [{ ...failed, lastUpdateTime: now, lastTransitionTime: now }] };
  }
};

/** Works on requests until closed; what was under way before a restart is taken up again. */
export const runClientCertificateController = (deps: Deps): { close(): Promise<void> } => {
  const { resources, log } = deps;
  const step = async (name: string): Promise<void> => {
    const object = resources.find(certificateSigningRequestKind, '', name);
    if (!isDue(object)) return;
    const made = await sign(deps, object);
    const change = (now: KubeObject): KubeObject | undefined => {
      if (now.metadata.uid !== object.metadata.uid || !isDue(now)) return undefined;
      const { status = {} } = asRequest(now);
      const conditions = [...(status.conditions ?? []), ...(made.conditions ?? [])];
      return { ...now, status: { ...status, ...made, conditions } };
    };
    await resources
      .modify(certificateSigningRequestKind, '', name, change, { subresource: 'status' })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
      });
    log.info({ request: name, failed: made.certificate === undefined }, 'a client certificate was asked for');
  };
  const queue = createKeyedQueue({
    step,
    width: 4,
    log,
    onError: 'cannot sign a client certificate: trying again',
  });
  const stop = new AbortController();
  const follow = { resources, log, signal: stop.signal };
  const following = followKind(follow, certificateSigningRequestKind, ({ type, object }) => {
    if (type !== 'DELETED') queue.add(object.metadata.name ?? '');
  });
  return {
    close: async () => {
      stop.abort();
      await Promise.all([following, queue.close()]);
    },
  };
};
