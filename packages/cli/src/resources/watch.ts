// Owns watching a kind for as long as somebody looks: over cuts, restarts of the controller and old versions.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@drover/api/errors';
import type { Client, KindReference, WatchEvent, WatchOptions } from '@drover/client';

const firstWaitMs = 250;
const maxWaitMs = 5000;
const maxFaults = 30;

interface Versioned {
  readonly metadata: { readonly resourceVersion?: string | undefined };
}

/** Events without end; bookmarks are kept back. Throws a refusal, or the last fault after about two minutes. */
export async function* watchOn<T extends Versioned>(
  client: Client,
  kind: KindReference<T>,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  let resourceVersion: string | undefined;
  for (let faults = 0; ; faults += 1) {
    try {
      for await (const event of client.watch(kind, {
        ...options,
        resourceVersion,
        allowWatchBookmarks: true,
      })) {
        faults = 0;
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        if (event.type !== 'BOOKMARK') yield event;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === 'Expired') resourceVersion = undefined;
      else if (error.reason !== 'ServiceUnavailable' || faults >= maxFaults) throw error;
      else if (resourceVersion === undefined && faults === 0) throw error;
    }
    await sleep(Math.min(firstWaitMs * 2 ** faults, maxWaitMs));
  }
}
