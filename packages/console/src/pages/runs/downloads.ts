// Owns where the output of a run is fetched as a file.
import type { CommandRun } from '@drover/api';
import { toObjectPath } from '@drover/client/kinds';
import { controllerAddress } from '../../api/address.ts';
import { nameOf, namespaceOf, referenceTo } from '../work/work.ts';

export interface Download {
  readonly href: string;
  readonly fileName: string;
}

const logOf = (run: CommandRun, query: string): string =>
  `${controllerAddress}${toObjectPath(referenceTo(run).kind, nameOf(run), namespaceOf(run))}/log${query}`;

/** The bytes of one stream, as the command wrote them. */
export const streamDownload = (run: CommandRun, node: string, stream: 'stdout' | 'stderr'): Download => ({
  href: logOf(run, `?node=${encodeURIComponent(node)}&stream=${stream}`),
  fileName: `${nameOf(run)}-${node}.${stream}.txt`,
});

/** JSON lines of all nodes (docs/protocol.md). */
export const logDownload = (run: CommandRun): Download => ({
  href: logOf(run, ''),
  fileName: `${nameOf(run)}.log.jsonl`,
});
