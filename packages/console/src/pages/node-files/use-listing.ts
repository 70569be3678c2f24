// Owns asking a node what is at a path, through a short run.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { mustRunOn } from '../../api/quick-run.ts';
import { type Listing, parseListing } from './listing.ts';
import { listingProgram } from './listing-program.ts';
import { filesLabel } from './one-file.ts';

/** Going to and fro between directories asks the node again after this time only. */
const freshMs = 15_000;

/** The Python that the agent of the node runs in. */
export const pythonOf = async (node: string, signal?: AbortSignal): Promise<string> => {
  const { facts } = await client.facts(node, { signal });
  // Facts are what the agent says (docs/protocol.md section 6).
  const { python } = facts as { readonly python?: { readonly executable?: string } };
  return python?.executable || 'python3';
};

/** Waits for the node's answer; throws why there is none. */
export const listPath = async (node: string, path: string, signal?: AbortSignal): Promise<Listing> => {
  const python = await pythonOf(node, signal);
  const { stdout } = await mustRunOn(node, [python, '-c', listingProgram, path], filesLabel, signal);
  return parseListing(stdout);
};

const keyOf = (node: string, path: string) => ['files', node, path] as const;

export const useListing = (node: string, path: string) =>
  useQuery({
    queryKey: keyOf(node, path),
    queryFn: ({ signal }) => listPath(node, path, signal),
    staleTime: freshMs,
    // Each attempt is a run on a server: people decide whether to try again.
    retry: false,
  });

/** What was known of the node's files is asked for anew. */
export const useForget = (node: string): (() => Promise<void>) => {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['files', node] });
};
