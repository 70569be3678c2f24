// Owns signing what is asked of nodes: from the spec of a run or transfer to spec.signed.
// I1: what is signed is the spec as it will be stored, defaults filled in, and the names of the nodes: neither can
//     become anything else on the way.
import { createHash, randomBytes, sign as signBytes } from 'node:crypto';
import {
  type Asked,
  type AskingSpec,
  type CommandRunSpec,
  commandRunKind,
  fileTransferKind,
  type KubeObject,
  type Signed,
  toAsked,
  toPayload,
  validatorOf,
} from '@drover/api';
import { nowMs } from '../platform/clock.ts';
import type { SigningKey } from './key-file.ts';

export interface Signing {
  readonly keys: readonly SigningKey[];
  readonly ttlSeconds: number;
}

export const sha256Hex = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** One signature over a payload: r and s, as nodes want it. */
export const toSignature = (payload: string, { key, id }: SigningKey): Signed['signatures'][number] => ({
  keyId: id,
  signature: signBytes('sha256', Buffer.from(payload, 'utf8'), { key, dsaEncoding: 'ieee-p1363' }).toString(
    'base64',
  ),
});

export const signAsked = (asked: Asked, nodes: readonly string[], { keys, ttlSeconds }: Signing): Signed => {
  const issuedAtMs = nowMs();
  const frame = {
    id: randomBytes(16).toString('hex'),
    issuedAtMs,
    expiresAtMs: issuedAtMs + ttlSeconds * 1000,
  };
  const payload = toPayload({ ...frame, nodes }, asked);
  return { payload, signatures: keys.map((key) => toSignature(payload, key)) };
};

/** The run or transfer with its spec signed for these nodes, which become its targets. Throws ApiError Invalid. */
export const signWork = (
  object: Record<string, unknown>,
  targets: { readonly nodes: readonly string[]; readonly nodeSet: string },
  signing: Signing,
): Record<string, unknown> => {
  const kind = object['kind'] === commandRunKind.kind ? commandRunKind : fileTransferKind;
  const { signed: _, ...wish } = object['spec'] as Record<string, unknown>;
  const whole: KubeObject = validatorOf(kind)(
    { ...object, spec: { ...wish, targets: { nodeSet: targets.nodeSet } } },
    'Strict',
  ).object;
  // Validated just now against the schema of its kind.
  const spec = whole['spec'] as AskingSpec & Pick<CommandRunSpec, 'offline'>;
  // Nobody needs to wait for a node longer than what is signed is good for.
  const expireSeconds = Math.min(spec.offline.expireSeconds, signing.ttlSeconds);
  const signed = signAsked(toAsked(spec, sha256Hex), targets.nodes, signing);
  return { ...object, spec: { ...spec, offline: { ...spec.offline, expireSeconds }, signed } };
};
