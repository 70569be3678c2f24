// Owns finding how the kind of an object in a file is served.
import type { DiscoveredKind, Discovery } from '@drover/client';
import { usageFailure } from '../failure.ts';

export const findByKind = (
  { kinds }: Discovery,
  apiVersion: string,
  kind: string,
  source: string,
): DiscoveredKind => {
  const found = kinds.find(
    (known) =>
      known.kind === kind &&
      apiVersion === (known.group === '' ? known.version : `${known.group}/${known.version}`),
  );
  if (found !== undefined) return found;
  throw usageFailure(`cannot use ${source}: the controller does not serve ${kind} of ${apiVersion}`);
};
