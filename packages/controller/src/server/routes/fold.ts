// Owns /fold: which nodes ended in the same way with the same output, and who has said nothing yet.
// I1: groups are read and written one at a time: a work of 5,000 different outputs takes no more memory than one.
import { finalTaskStates, foldNodeSet, type Kind, liveTaskStates } from '@drover/api';
import type { Handler } from './context.ts';
import { uidOf, type WorkContext, workOf } from './work.ts';

const shownBytes = 64 * 1024;
const pageRows = 5_000;

type Group = Awaited<ReturnType<WorkContext['store']['tasks']['fold']>>[number];

/** First 64 KiB of one stream, in base64. */
const outputHead = async (context: WorkContext, taskId: string, stream: 1 | 2): Promise<string> => {
  const parts: Uint8Array[] = [];
  let offset = 0;
  while (offset < shownBytes) {
    const rows = await context.store.tasks.output({
      taskId,
      stream,
      fromOffset: offset,
      limitBytes: shownBytes - offset,
    });
    const last = rows.at(-1);
    if (last === undefined) break;
    parts.push(...rows.map((row) => row.data));
    offset = last.offset + last.data.length;
  }
  return Buffer.concat(parts).subarray(0, shownBytes).toString('base64');
};

const toGroup = async (context: WorkContext, group: Group): Promise<string> => {
  const sample = await context.store.tasks.get(group.sample);
  return JSON.stringify({
    state: group.state,
    exitCode: group.exitCode,
    signal: group.signal,
    reason: group.reason,
    nodeSet: foldNodeSet(group.nodes),
    count: group.nodes.length,
    stdout: await outputHead(context, group.sample, 1),
    stderr: await outputHead(context, group.sample, 2),
    stdoutBytes: sample?.result?.stdoutBytes ?? 0,
    stderrBytes: sample?.result?.stderrBytes ?? 0,
  });
};

/** Nodes from which a result is still expected. */
const silentNodes = async (context: WorkContext, work: string): Promise<readonly string[]> => {
  const nodes: string[] = [];
  let afterIndex = -1;
  for (;;) {
    const rows = await context.store.tasks.list({
      work,
      states: liveTaskStates,
      afterIndex,
      limit: pageRows,
    });
    nodes.push(...rows.map((row) => row.node));
    if (rows.length < pageRows) return nodes;
    afterIndex = rows.at(-1)?.index ?? afterIndex;
  }
};

const isEnding = (group: Group): boolean => finalTaskStates.some((state) => state === group.state);

export const foldHandler =
  (context: WorkContext, kind: Kind): Handler =>
  async (request, reply) => {
    const work = uidOf(workOf(context, kind, request));
    const settings = { contentType: 'application/json', slowMs: context.limits.slowStreamMs };
    await context.streams.run(reply, settings, async (stream) => {
      // Silent ones first: who ends in between is then in both, never in neither.
      const silent = await silentNodes(context, work);
      const groups = (await context.store.tasks.fold(work)).filter(isEnding);
      await stream.write('{"groups":[');
      for (const [position, group] of groups.entries()) {
        if (stream.signal.aborted) return;
        await stream.write(`${position === 0 ? '' : ','}${await toGroup(context, group)}`);
      }
      await stream.write(`],"silent":${JSON.stringify(foldNodeSet(silent))}}`);
    });
    return undefined;
  };
