// Owns what the kernel says about a process, its threads and the whole machine: resident memory and CPU time.
import { readdir, readFile } from 'node:fs/promises';

/** Kernel ticks per second as /proc shows them (USER_HZ); 100 on every Linux platform Node runs on. */
const ticksPerSecond = 100;

/** Resident memory in MiB now (VmRSS) and at its highest (VmHWM). */
export const memoryMib = async (pid: number): Promise<{ readonly now: number; readonly peak: number }> => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
};

/** From the third field of a file `stat` on (proc(5)). */
const fieldsOf = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(file, 'utf8');
  // The name is in brackets and may hold spaces.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** Of a process or a thread. */
const secondsIn = async (file: string): Promise<number> => {
  const fields = await fieldsOf(file);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

/** CPU seconds (user and system) that the process has used since it began. */
export const cpuSeconds = (pid: number): Promise<number> => secondsIn(`/proc/${pid}/stat`);

/** CPU seconds of a process and its children, also of those that have ended: a database server is one process per connection. */
export const familySeconds = async (pid: number): Promise<number> => {
  const files = (await readdir('/proc'))
    .filter((name) => /^\d+$/.test(name))
    .map((name) => `/proc/${name}/stat`);
  const all = await Promise.all(files.map((file) => fieldsOf(file).catch(() => [])));
  const children = all.filter((fields) => fields[1] === String(pid));
  const own = await fieldsOf(`/proc/${pid}/stat`);
  const ticks = [...own.slice(11, 15), ...children.flatMap((fields) => fields.slice(11, 13))];
  return ticks.reduce((sum, each) => sum + Number(each), 0) / ticksPerSecond;
};

/** The same by thread: the main one, and all others together, also those that have ended. */
export const threadSeconds = async (
  pid: number,
): Promise<{ readonly main: number; readonly others: number }> => {
  const main = await secondsIn(`/proc/${pid}/task/${pid}/stat`);
  return { main, others: (await cpuSeconds(pid)) - main };
};

/** CPU seconds that all processors together have worked since the machine was started, for whatever process. */
export const busySeconds = async (): Promise<number> => {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / ticksPerSecond;
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
