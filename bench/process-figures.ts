// Owns what the kernel says about a process: resident memory and CPU time.
import { readFile } from 'node:fs/promises';

/** Kernel ticks per second as /proc shows them (USER_HZ); 100 on every Linux platform Node runs on. */
const ticksPerSecond = 100;

/** Resident memory in MiB now (VmRSS) and at its highest (VmHWM). */
export const memoryMib = async (pid: number): Promise<{ readonly now: number; readonly peak: number }> => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
};

/** CPU seconds (user and system) that the process has used since it began. */
export const cpuSeconds = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name of the process is in brackets and may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

const lookEveryMs = 50;

/** Follows a process until it has ended; `peakMib` gives the most memory seen, on the kernel's own account. */
export const watchMemory = (pid: number): { readonly peakMib: () => number; readonly close: () => void } => {
  let most = 0;
  const timer = setInterval(async () => {
    const { peak } = await memoryMib(pid).catch(() => ({ peak: 0 }));
    most = Math.max(most, Number.isNaN(peak) ? 0 : peak); // a process that is ending has no figures any more
  }, lookEveryMs);
  return { peakMib: () => most, close: () => clearInterval(timer) };
};
