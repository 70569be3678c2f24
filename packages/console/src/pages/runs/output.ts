// Owns the output of a run as it arrives, in lines: of one node, or of all in order of arrival.
import type { CommandRun } from '@drover/api';
import type { LogChunk } from '@drover/client';
import { client } from '../../api/client.ts';
import { type Followed, useFollowed } from '../../api/followed.ts';
import { LogLines, type LogView } from '../../ui/log-lines.ts';
import { referenceTo } from '../work/work.ts';

/** `node` absent: of all. Goes on over cuts from where it stood, to the end. */
export const useOutput = (run: CommandRun, node?: string): Followed<LogView> =>
  useFollowed<LogChunk, LogView>(`log ${run.metadata.uid} ${node ?? ''}`, () => {
    const lines = new LogLines();
    return {
      read: (signal) =>
        client.log(referenceTo(run), {
          ...(node === undefined ? {} : { node }),
          follow: true,
          signal,
          giveUpMs: Number.POSITIVE_INFINITY,
        }),
      add: (chunk) => lines.add(chunk),
      view: () => lines.view(),
    };
  });
