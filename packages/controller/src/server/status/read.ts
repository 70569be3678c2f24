// Owns the gathering of what the controller tells of itself. It costs little, whatever there is: what is large is counted by
// the retention controller, and read here from the status of the RetentionPolicy.
import { X509Certificate } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import {
  commandRunKind,
  fileTransferKind,
  isPlainObject,
  type KubeObject,
  nodeKind,
  type RetentionPolicy,
  retentionIn,
  retentionPolicyKind,
  retentionPolicyName,
  type ServerFacts,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import { ownVersion } from '../../platform/version.ts';
import { aheadFiles, aheadWords } from '../../store/audit-ahead.ts';
import type { ServerOptions } from '../deps.ts';
import type { Fairness } from '../fairness/fairness.ts';
import { levelNames } from '../fairness/flows.ts';
import { readProcess } from '../support-bundle/process.ts';
import type { ClockSkew } from './clock-skew.ts';

export interface StatusSources
  extends Pick<
    ServerOptions,
    | 'resources'
    | 'store'
    | 'backupRoutine'
    | 'encryption'
    | 'refusal'
    | 'dataDir'
    | 'tls'
    | 'joinInfo'
    | 'members'
  > {
  readonly clock: Clock;
  readonly fairness: Fairness;
  readonly skew: ClockSkew;
  /** The text of /metrics. */
  readonly metrics: () => Promise<string>;
}

const skewMs = 1_000;
const maxSkewed = 20;

const endOf = (pem: string): string => new X509Certificate(pem).validToDate.toISOString();

const readDisk = async ({ store: { disk }, dataDir }: StatusSources): Promise<ServerFacts['disk']> => {
  const { bsize, blocks, bavail, files, ffree } = await statfs(dataDir);
  const { condition, reserveBytes } = disk;
  return {
    directory: dataDir,
    state: condition.state,
    ...(condition.state === 'ok' ? {} : { why: condition.why, since: toTimestamp(condition.sinceMs) }),
    totalBytes: blocks * bsize,
    freeBytes: bavail * bsize,
    inodes: files,
    freeInodes: ffree,
    reserveBytes,
  };
};

const readBackups = async ({ backupRoutine, clock }: StatusSources): Promise<ServerFacts['backups']> => {
  const schedule = (await backupRoutine?.status())?.schedule;
  if (schedule === undefined) return { byClock: false };
  const { lastSuccess, lastFailure, nextAt } = schedule;
  const last =
    lastSuccess === undefined
      ? {}
      : {
          lastAt: lastSuccess.createdAt,
          ageSeconds: Math.round((clock.nowMs() - Date.parse(lastSuccess.createdAt)) / 1_000),
        };
  return { byClock: true, nextAt, ...last, ...(lastFailure === undefined ? {} : { lastFailure }) };
};

const readStore = ({ resources, store }: StatusSources): ServerFacts['store'] => {
  // Stored objects have been validated by the schema of their kind.
  const policy = resources.find(retentionPolicyKind, '', retentionPolicyName) as unknown as
    | RetentionPolicy
    | undefined;
  return {
    kind: store.isShared ? 'PostgreSQL' : 'SQLite, embedded',
    databaseBytes: policy?.status?.databaseBytes ?? 0,
    kept: policy?.status?.kept ?? [],
    bounds: retentionIn(resources),
  };
};

const finals: readonly unknown[] = ['Succeeded', 'Failed', 'Cancelled'];

const isActive = ({ status }: KubeObject): boolean =>
  !(isPlainObject(status) && finals.includes(status['phase']));

const readLoad = async ({ metrics, fairness }: StatusSources) => {
  const { eventLoop, memory, machine } = readProcess(await metrics());
  const toMs = (name: string): number => (eventLoop.delay[name] ?? 0) * 1_000;
  return {
    eventLoop: { p99DelayMs: toMs('p99_seconds'), maxDelayMs: toMs('max_seconds') },
    memory: {
      residentBytes: memory.rssBytes,
      machineBytes: machine.memoryBytes,
      machineFreeBytes: machine.freeMemoryBytes,
    },
    requests: Object.fromEntries(
      levelNames.map((name) => {
        const { queued, executing, longRunning } = fairness.level(name).counts();
        return [name, { queued, executing, longRunning }];
      }),
    ),
  };
};

const readNodes = async ({ resources, store, skew }: StatusSources): Promise<ServerFacts['nodes']> => {
  const rows = await store.agents.list();
  return {
    known: resources.size(nodeKind),
    connected: rows.filter(({ connected }) => connected).length,
    clockSkew: skew.beyond(skewMs, maxSkewed),
  };
};

export const readFacts = async (sources: StatusSources): Promise<ServerFacts> => {
  const { resources, store, encryption, refusal, clock, tls, joinInfo, dataDir } = sources;
  const nowMs = clock.nowMs();
  const uptimeSeconds = Math.round(process.uptime());
  const { key, dataKeys, rotation } = await encryption.status();
  const { seq, hash } = store.audit.head();
  const why = refusal?.();
  const ahead = (await aheadFiles(dataDir)).map((one) => aheadWords(dataDir, one));
  const work = [commandRunKind, fileTransferKind].flatMap((kind) => resources.list(kind).items);
  return {
    version: ownVersion,
    measuredAt: toTimestamp(nowMs),
    startedAt: toTimestamp(nowMs - uptimeSeconds * 1_000),
    uptimeSeconds,
    controllers: sources.members(),
    store: readStore(sources),
    nodes: await readNodes(sources),
    activeWork: work.filter(isActive).length,
    ...(await readLoad(sources)),
    disk: await readDisk(sources),
    backups: await readBackups(sources),
    certificates: [
      { of: 'authority', notAfter: endOf(joinInfo.caPem) },
      { of: 'server', notAfter: endOf(tls.certPem) },
    ],
    encryption: { key, dataKeys: dataKeys.length, rotating: rotation !== undefined },
    audit: {
      ...{ rows: seq, head: hash },
      ...(why === undefined ? {} : { refusal: why }),
      ...(ahead.length === 0 ? {} : { ahead }),
    },
  };
};
