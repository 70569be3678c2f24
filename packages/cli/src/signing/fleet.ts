// Owns what is read of the fleet for signing: names, labels, and which nodes want it.
import { ApiError } from '@drover/api/errors';
import { signingLabel } from '@drover/api/signing';
import { type Client, nodes as nodeKind } from '@drover/client';

export interface FleetNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const listFleet = async (client: Client, labelSelector?: string): Promise<readonly FleetNode[]> => {
  const fleet: FleetNode[] = [];
  for await (const { metadata } of client.listAll(nodeKind, { labelSelector }))
    fleet.push({ name: metadata.name ?? '', labels: metadata.labels ?? {} });
  return fleet;
};

/** The nodes that take signed requests only, as far as one may look at nodes. */
export const listStrict = async (client: Client): Promise<readonly FleetNode[]> => {
  try {
    return await listFleet(client, `${signingLabel}=required`);
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
};
