// Owns which changes of a node are told as Events, and in which words.
import type { KubeObject } from '@drover/api';
import type { Happening } from '../events.ts';
import { asNode, conditionOf } from './status.ts';

/** What the gateway and the certificate authority see happen to a node. */
export type NodeReport =
  | { readonly kind: 'connected'; readonly node: string; readonly address: string }
  | { readonly kind: 'disconnected'; readonly node: string; readonly reason: string }
  | {
      readonly kind: 'clone-refused';
      readonly node: string;
      readonly address: string;
      readonly reason: string;
    }
  | { readonly kind: 'refused'; readonly node: string; readonly address: string; readonly reason: string }
  | { readonly kind: 'renewed'; readonly node: string; readonly notAfterMs: number };

/** The reason of the Event that says why an agent is away. */
export const notReady = 'NodeNotReady';

type Told = Pick<Happening, 'type' | 'reason' | 'message'>;

/** What to tell of a report; undefined when the change of the status tells it. */
export const toldOfReport = (report: NodeReport): Told | undefined => {
  switch (report.kind) {
    case 'connected':
    case 'disconnected':
      return undefined;
    case 'clone-refused':
      return {
        type: 'Warning',
        reason: 'CloneRefused',
        message: `another machine at ${report.address} showed the identity of this node and was refused: ${report.reason}`,
      };
    case 'refused':
      return {
        type: 'Warning',
        reason: 'ConnectionRefused',
        message: `a connection from ${report.address} was refused: ${report.reason}`,
      };
    case 'renewed':
      return {
        type: 'Normal',
        reason: 'CertificateRenewed',
        message: `the certificate was renewed until ${new Date(report.notAfterMs).toISOString().slice(0, 10)}`,
      };
    default:
      return report satisfies never;
  }
};

const isReady = (object: KubeObject): boolean => conditionOf(object, 'Ready')?.status === 'True';

/** What to tell of a change of status. `why` is the reason of the last disconnection, when it is known. */
export const toldOfChange = (
  before: KubeObject,
  after: KubeObject,
  why: string | undefined,
): readonly Told[] => {
  const told: Told[] = [];
  const [bootBefore, bootAfter] = [before, after].map(
    (object) => asNode(object).status?.nodeInfo?.bootID ?? '',
  );
  if (bootBefore !== '' && bootAfter !== '' && bootBefore !== bootAfter) {
    told.push({ type: 'Warning', reason: 'Rebooted', message: 'the node was rebooted' });
  }
  if (!isReady(before) && isReady(after)) {
    told.push({ type: 'Normal', reason: 'NodeReady', message: 'the agent is connected' });
  }
  if (isReady(before) && !isReady(after)) {
    const message = `the agent is not connected${why === undefined ? '' : `: ${why}`}`;
    told.push({ type: 'Warning', reason: notReady, message });
  }
  for (const type of ['MemoryPressure', 'DiskPressure']) {
    const [was, is] = [before, after].map((object) => conditionOf(object, type));
    if (was?.status !== 'True' && is?.status === 'True') {
      told.push({ type: 'Warning', reason: `NodeHas${type}`, message: is.message ?? '' });
    }
  }
  return told;
};
