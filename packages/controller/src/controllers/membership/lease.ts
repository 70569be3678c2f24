// Owns what the Lease objects of controllers say: one of each controller, and one of the leader.
import { apiVersionOf, type KubeObject, type Lease, leaseKind } from '@drover/api';

export const leaseNamespace = 'drover-system';
export const leaderLease = 'drover-controller-leader';
export const durationSeconds = 4;
export const durationMs = durationSeconds * 1_000;
/** Where other controllers reach it. */
const addressAnnotation = 'drover.dev/address';
/** Which version of Drover it is. */
const versionAnnotation = 'drover.dev/version';
const prefix = 'controller-';

export const leaseNameOf = (controller: string): string => `${prefix}${controller}`;

/** Id of the controller whose lease has this name; undefined: it is no controller's. */
export const controllerOf = (leaseName: string): string | undefined =>
  leaseName.startsWith(prefix) ? leaseName.slice(prefix.length) : undefined;

/** Stored Leases have been validated by the schema of their kind. */
const specOf = (object: KubeObject): NonNullable<Lease['spec']> => (object as unknown as Lease).spec ?? {};

export const holderOf = (object: KubeObject): string => specOf(object).holderIdentity ?? '';
export const addressOf = (object: KubeObject): string | undefined =>
  object.metadata.annotations?.[addressAnnotation];
/** Undefined: it does not say so. */
export const versionOf = (object: KubeObject): string | undefined =>
  object.metadata.annotations?.[versionAnnotation];

const microTime = (nowMs: number): string => new Date(nowMs).toISOString().replace('Z', '000Z');

/** The lease as its holder renews it, or takes it from whoever had it. */
export const toHeld = (before: KubeObject, holder: string, nowMs: number): KubeObject => {
  const spec = specOf(before);
  const now = microTime(nowMs);
  const isNew = spec.holderIdentity !== holder;
  const taken = isNew ? { acquireTime: now, leaseTransitions: (spec.leaseTransitions ?? -1) + 1 } : {};
  const held = { holderIdentity: holder, leaseDurationSeconds: durationSeconds, renewTime: now };
  return { ...before, spec: { ...spec, ...held, ...taken } };
};

/** Given up before its time, so that nobody has to wait for its end. */
export const toReleased = (before: KubeObject): KubeObject => ({
  ...before,
  spec: { ...specOf(before), holderIdentity: '' },
});

/** What a controller tells of itself. */
export interface Self {
  readonly address: string;
  readonly version: string;
}

const toAnnotations = ({ address, version }: Self) => ({
  annotations: { [addressAnnotation]: address, [versionAnnotation]: version },
});

export const newLease = (name: string, self?: Self): KubeObject => ({
  apiVersion: apiVersionOf(leaseKind),
  kind: leaseKind.kind,
  metadata: { name, namespace: leaseNamespace, ...(self === undefined ? {} : toAnnotations(self)) },
});
