// Owns making enrolment tokens. The secret inside joinCommand is in the answer to the creation only.
import type { EnrollmentToken } from '@drover/api';
import { type Client, enrollmentTokens } from '@drover/client';
import { Failure } from '../failure.ts';
import { nowMs } from '../platform/clock.ts';

export interface TokenWish {
  readonly expiresSeconds: number;
  readonly maxUses: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly approval: 'Automatic' | 'Manual';
  readonly nodeNamePattern?: string;
  readonly name?: string;
}

export const createToken = async (client: Client, wish: TokenWish): Promise<EnrollmentToken> => {
  const token = await client.create(enrollmentTokens, {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'EnrollmentToken',
    metadata: wish.name === undefined ? { generateName: 'join-' } : { name: wish.name },
    spec: {
      expiresAt: new Date(nowMs() + wish.expiresSeconds * 1000).toISOString(),
      maxUses: wish.maxUses,
      approval: wish.approval,
      ...(Object.keys(wish.labels).length === 0 ? {} : { labels: wish.labels }),
      ...(wish.nodeNamePattern === undefined ? {} : { nodeNamePattern: wish.nodeNamePattern }),
    },
  });
  if (!token.status?.joinCommand)
    throw new Failure(`cannot use token ${token.metadata.name}: the controller gave no join line`);
  return token;
};
