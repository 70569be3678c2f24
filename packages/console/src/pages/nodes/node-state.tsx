// Owns how a node is: from its Ready condition, as kubectl tells it.
import type { Node } from '@drover/api';
import { Label, type LabelProps } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';

export type NodeState = 'ready' | 'notReady' | 'unknownState' | 'paused';

export const nodeState = ({ spec, status }: Node): NodeState => {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  if (ready === undefined || ready === 'Unknown') return 'unknownState';
  if (ready !== 'True') return 'notReady';
  return spec.unschedulable === true ? 'paused' : 'ready';
};

const colours: Readonly<Record<NodeState, NonNullable<LabelProps['status']>>> = {
  ready: 'success',
  notReady: 'danger',
  unknownState: 'warning',
  paused: 'info',
};

export const NodeStateLabel = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const state = nodeState(node);
  return (
    <Label status={colours[state]} isCompact>
      {t(`nodes.${state}`)}
    </Label>
  );
};

export const addressOf = ({ status }: Node): string =>
  status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
