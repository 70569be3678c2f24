// Owns saying that output was cut at its cap: nobody may take what is shown for all that was written.

import { foldNodeSet } from '@drover/api/node-set';
import { toSize } from '@drover/api/size';
import type { Task } from '@drover/client';

const droppedOf = (task: Task): number =>
  (task.result?.stdoutDropped ?? 0) + (task.result?.stderrDropped ?? 0);

/** 'web[1-2] (2): output cut at its cap: 5.0 KiB not kept'; undefined when all of it was kept. */
export const toCutNote = (tasks: readonly Task[]): string | undefined => {
  const cut = tasks.filter((task) => droppedOf(task) > 0);
  if (cut.length === 0) return undefined;
  const size = toSize(cut.reduce((sum, task) => sum + droppedOf(task), 0));
  return `${foldNodeSet(cut.map((task) => task.node))} (${cut.length}): output cut at its cap: ${size} not kept`;
};
