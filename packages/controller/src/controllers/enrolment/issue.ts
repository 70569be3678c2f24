// Owns what happens to an approved request: the node is made, then its certificate.
// I1: a node exists before it has a certificate, so that a name is taken by one machine only and labels are there
//     when the agent connects.
// I2: a node that enrols anew has no other valid certificate afterwards: what the old key could do ends.
// I3: every step can be repeated after kill -9; a certificate nobody received is revoked or never leaves us.
import {
  ApiError,
  annotation,
  enrollmentTokenKind,
  type KubeObject,
  machineProblem,
  nodeFinalizer,
  nodeKind,
} from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import { asRequest, asToken } from './claims.ts';

/** What the controller needs of the certificate authority. */
export interface Signer {
  readRequest(csrPem: string): Promise<{
    readonly commonName: string;
    readonly fingerprint: string;
    readonly verified: boolean;
  }>;
  signNode(wanted: {
    readonly csrPem: string;
    readonly node: string;
    readonly lifetimeMs: number;
  }): Promise<{ readonly certPem: string }>;
}

export interface Revoker {
  revokeCertificates(subject: string, nowMs: number): Promise<readonly string[]>;
}

/** The PEM of a request object. */
export const requestPem = (request: KubeObject): string =>
  Buffer.from(asRequest(request).spec.request, 'base64').toString('latin1');

const machineIdOf = (request: KubeObject): string =>
  request.metadata.annotations?.[annotation.machineId] ?? '';

const toNode = (node: string, request: KubeObject, fingerprint: string, labels: object): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: node,
    labels: { 'kubernetes.io/hostname': node.slice(0, 63).replace(/[-.]+$/, ''), ...labels },
    annotations: {
      [annotation.machineId]: machineIdOf(request),
      [annotation.keyFingerprint]: fingerprint,
    },
    finalizers: [nodeFinalizer],
  },
});

const withMachine = (object: KubeObject, machineId: string, fingerprint: string): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    finalizers: [...new Set([...(object.metadata.finalizers ?? []), nodeFinalizer])],
    annotations: {
      ...object.metadata.annotations,
      [annotation.machineId]: machineId,
      [annotation.keyFingerprint]: fingerprint,
    },
  },
});

/** Makes the node, or takes the one that the same machine had. Returns why not, or the node and whether it is new. */
const takeNode = async (
  resources: Resources,
  wanted: {
    readonly node: string;
    readonly request: KubeObject;
    readonly fingerprint: string;
    readonly labels: object;
  },
): Promise<string | { readonly node: KubeObject; readonly isNew: boolean }> => {
  const { node, request, fingerprint, labels } = wanted;
  const machineId = machineIdOf(request);
  if (resources.find(nodeKind, '', node) === undefined) {
    try {
      const made = await resources.create(nodeKind, '', toNode(node, request, fingerprint, labels));
      return { node: made, isNew: true };
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    }
  }
  const problem = machineProblem(resources.find(nodeKind, '', node), machineId);
  if (problem !== undefined) return problem;
  const taken = await resources.modify(nodeKind, '', node, (object) =>
    machineProblem(object, machineId) === undefined ? withMachine(object, machineId, fingerprint) : undefined,
  );
  return machineProblem(taken, machineId) ?? { node: taken, isNew: false };
};

/** Labels that the enrolment token gives to its nodes. */
const labelsOf = (resources: Resources, token: string | undefined): object => {
  const object = token === undefined ? undefined : resources.find(enrollmentTokenKind, '', token);
  return object === undefined ? {} : (asToken(object).spec.labels ?? {});
};

export type Issued =
  | { readonly kind: 'issued'; readonly certPem: string; readonly node: KubeObject; readonly isNew: boolean }
  | { readonly kind: 'refused'; readonly message: string };

/** Makes node and certificate. `nodeName` is the name in the request's subject. */
export const issue = async (
  deps: {
    readonly resources: Resources;
    readonly signer: Signer;
    readonly credentials: Revoker;
    readonly nowMs: number;
  },
  wanted: {
    readonly request: KubeObject;
    readonly nodeName: string;
    readonly fingerprint: string;
    readonly token: string | undefined;
    readonly lifetimeMs: number;
  },
): Promise<Issued> => {
  const { request, nodeName, fingerprint, lifetimeMs } = wanted;
  const labels = labelsOf(deps.resources, wanted.token);
  const taken = await takeNode(deps.resources, { node: nodeName, request, fingerprint, labels });
  if (typeof taken === 'string') return { kind: 'refused', message: taken };
  if (!taken.isNew) await deps.credentials.revokeCertificates(`node:${nodeName}`, deps.nowMs);
  const { certPem } = await deps.signer.signNode({ csrPem: requestPem(request), node: nodeName, lifetimeMs });
  // A deletion that came meanwhile has revoked what it found: our new certificate must not escape it (I3).
  const after = deps.resources.find(nodeKind, '', nodeName);
  const isSame = after !== undefined && after.metadata.uid === taken.node.metadata.uid;
  if (!isSame || after.metadata.deletionTimestamp !== undefined) {
    await deps.credentials.revokeCertificates(`node:${nodeName}`, deps.nowMs);
    return { kind: 'refused', message: `node ${nodeName} was deleted meanwhile; join again` };
  }
  return { kind: 'issued', certPem, node: after, isNew: taken.isNew };
};
