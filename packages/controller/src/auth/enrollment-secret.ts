// Owns the secret of an enrolment token: `<name>.<secret>`, of which only the hash is kept.
// I1: the hash stands in an annotation, so that it becomes durable with the object itself: no token is ever
//     answered that would not work after kill -9.
import { timingSafeEqual } from 'node:crypto';
import { ApiError, annotation, enrollmentTokenKind, type KubeObject, tokenProblem } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { newSecret, sha256Hex } from '../platform/ids.ts';
import type { Resources } from '../resources/resources.ts';

/** A new secret and its hash. */
export const makeSecret = (): { readonly secret: string; readonly sha256: string } => {
  const secret = newSecret();
  return { secret, sha256: sha256Hex(secret) };
};

/**
 * The token object whose secret the credential `<name>.<secret>` proves. An expired or used one still proves who
 * somebody is: a server that waits for approval may go on reading its own request.
 * @throws ApiError Unauthorized when it is revoked; said to those only who know the secret.
 */
export const findToken = (
  { resources, clock }: { readonly resources: Pick<Resources, 'find'>; readonly clock: Clock },
  credential: string,
): KubeObject | undefined => {
  const dot = credential.lastIndexOf('.');
  const object = resources.find(enrollmentTokenKind, '', credential.slice(0, dot));
  const stored = object?.metadata.annotations?.[annotation.tokenSha256];
  const given = sha256Hex(credential.slice(dot + 1));
  if (object === undefined || stored === undefined || stored.length !== given.length) return undefined;
  if (!timingSafeEqual(Buffer.from(stored), Buffer.from(given))) return undefined;
  if (tokenProblem(object, clock.nowMs()) !== 'revoked') return object;
  const name = object.metadata.name ?? '';
  throw new ApiError(
    'Unauthorized',
    `cannot enrol: enrolment token ${name} is revoked; make a new one (drover token create)`,
  );
};
