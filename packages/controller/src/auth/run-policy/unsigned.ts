// Owns what becomes of unsigned work on nodes that take signed requests only (ADR 11).
// I1: it is no defence: the node itself refuses. It is told early, and before anything is stored, to whoever can sign.
import { ApiError, foldNodeSet, nodeKind, signingLabel } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';

const strictSelector = `${signingLabel}=required`;

/** Those of the targeted nodes that would refuse it. `targeted` is asked only when some node of the fleet would. */
export const strictNodes = (
  resources: Pick<Resources, 'list'>,
  targeted: () => readonly string[],
): readonly string[] => {
  const { items } = resources.list(nodeKind, { labelSelector: strictSelector });
  if (items.length === 0) return [];
  const wanted = new Set(targeted());
  return items.map(({ metadata }) => metadata.name ?? '').filter((name) => wanted.has(name));
};

/** 'node web1 takes signed requests only' */
export const strictWords = (nodes: readonly string[]): string =>
  nodes.length === 1
    ? `node ${nodes[0]} takes signed requests only`
    : `${nodes.length} nodes ${foldNodeSet(nodes)} take signed requests only`;

/** The refusal by whose cause a client knows that a signature is missing. */
export const unsignedRefusal = (nodes: readonly string[]): ApiError => {
  const message = strictWords(nodes);
  return new ApiError(
    'Invalid',
    `cannot start: ${message}; sign it (drover run --sign KEY), or leave these nodes out`,
    { causes: [{ reason: 'FieldValueRequired', field: 'spec.signed', message }] },
  );
};
