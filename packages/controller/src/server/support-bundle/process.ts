// Owns what a support bundle tells of the versions in use, the machine and the process.
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, freemem, loadavg, release, totalmem, uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import { ownVersion } from '../../platform/version.ts';

/** 'Debian GNU/Linux 13 (trixie)'; '' where there is no such file. */
const osName = async (): Promise<string> => {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? '';
};

export const readVersions = async () => ({
  drover: ownVersion,
  node: process.versions.node,
  v8: process.versions.v8,
  openssl: process.versions.openssl,
  sqlite: process.versions['sqlite'] ?? '',
  os: await osName(),
  kernel: release(),
  architecture: arch(),
});

/** Figures that /metrics has too, by their names there, as numbers. */
const pick = (metrics: string, prefix: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    metrics
      .split('\n')
      .filter((line) => line.startsWith(prefix))
      .map((line) => {
        const [name = '', value = ''] = line.split(' ');
        return [name.slice(prefix.length), Number(value)] as const;
      }),
  );

/** `metrics`: the text of /metrics, in which the delay of the event loop has been measured since it was last read. */
export const readProcess = (metrics: string) => {
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    memory: {
      rssBytes: rss,
      maxRssBytes: maxRSS * 1024,
      heapTotalBytes: heapTotal,
      heapUsedBytes: heapUsed,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
    },
    cpuSeconds: { user: userCPUTime / 1e6, system: systemCPUTime / 1e6 },
    eventLoop: {
      /** Share of the time since the start in which it was busy. */
      utilization: performance.eventLoopUtilization().utilization,
      delay: pick(metrics, 'nodejs_eventloop_lag_'),
    },
    machine: {
      uptimeSeconds: Math.round(uptime()),
      cpus: availableParallelism(),
      load: loadavg(),
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
    },
  };
};
