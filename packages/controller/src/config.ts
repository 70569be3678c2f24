// Owns the controller's options: parsed once, from the command line.
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError, leastAudit, type RetentionSpec } from '@drover/api';
import { parseSyslogTarget } from './auth/audit/syslog.ts';
import type { AuditOptions } from './auth/audit/trail.ts';
import { backupFlags, backupUsage, takeBackupPlan } from './backup-option.ts';
import { controllerFlags, controllerUsage, takeControllers } from './controllers-option.ts';
import { drainFlags, drainUsage, takeDrainTimes } from './drain-option.ts';
import { keySourceFlags, keySourceUsage, takeKeySource } from './key-source-option.ts';
import { type LogPlan, logFlags, logUsage, takeLogPlan } from './log-option.ts';
import type { DrainTimes } from './platform/drain.ts';
import type { ShownConfiguration } from './server/support-bundle/configuration.ts';
import type { BackupPlan } from './store/backup/routine.ts';
import { withoutPassword } from './store/postgres/address.ts';
import type { KeySource } from './store/sealing/key-source.ts';
import { type ContentBounds, parseContentBounds, storeFlags, storeUsage, takeStore } from './store-option.ts';
import { parseWhole } from './whole-option.ts';

export interface Config {
  readonly dataDir: string;
  /** Address of the database that keeps the rows; undefined: files of the data directory. */
  readonly store: string | undefined;
  /** What content takes there, and copies of it here. */
  readonly content: ContentBounds;
  /** Address to listen on. */
  readonly host: string;
  readonly port: number;
  readonly agentPort: number;
  /** Names and addresses by which others reach us, for the certificate; the first stands in join lines. */
  readonly addresses: readonly string[];
  /** Whether this machine is enrolled as a node. */
  readonly localNode: boolean;
  /** The agent file that is given to servers. */
  readonly agentFile: string;
  /** Life of a node's certificate. */
  readonly nodeCertificateMs: number;
  /** Where the key of the secrets comes from; undefined: where it came from last. */
  readonly keySource: KeySource | undefined;
  readonly log: LogPlan;
  readonly audit: AuditOptions;
  /** Backups by the clock; undefined: none. */
  readonly backups: BackupPlan | undefined;
  /** How it stops. */
  readonly drain: DrainTimes;
  /** host:port of every controller of this fleet, for agents; none: the one that they joined. */
  readonly controllers: readonly string[];
  /** With what the RetentionPolicy begins, when there is none. */
  readonly keepAudit: RetentionSpec['audit'];
}

const releasedAgentFile = join(import.meta.dirname, '../../../agent/drover_agent.py');

export const usage = `usage: npm start -- [options]
  --data-dir DIR      where everything is kept (default ./var)
${storeUsage}
  --host ADDRESS      address to listen on (default 0.0.0.0)
  --port N            port for people and programs (default 7443)
  --agent-port N      port for agents (default 7444)
  --address NAME      name or address by which servers reach this controller; may be repeated, the first stands in join lines
  --no-local-node     do not enrol this machine
  --agent-file FILE   agent file that servers get (default: the one of this release); "drover agent update" brings it to them
  --node-certificate-hours N
                      life of a node's certificate, renewed by itself after two thirds (default 2160: 90 days)
${keySourceUsage}
${backupUsage}
${drainUsage}
${controllerUsage}
  --audit-required    refuse changes while <data-dir>/audit.log cannot be written (default: log an error and go on)
  --audit-keep-days N with what the RetentionPolicy begins: rows of the audit trail older than this are removed (default
                      400, at least 30; 0: none are, for a hundred years). Later it is changed there
  --audit-keep-rows N same: more rows than this are removed, the oldest first (default 0: none are; at least 10000)
  --audit-log-mb N    size at which audit.log becomes audit.log.1 and a new one is begun (default 64)
  --audit-log-files N how many earlier files are kept (default 10)
  --audit-syslog ADDRESS
                      also send the audit trail to udp://host:514 or tcp://host:601 (RFC 5424)
${logUsage}`;

const parsePort = (text: string, option: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new ApiError('BadRequest', `cannot start: --${option} must be a port number, not "${text}"`);
  return port;
};

/** Not above the life of the CA; not below what a server needs to renew in time. */
const parseCertificateHours = (text: string): number => {
  const hours = Number(text);
  if (text.trim() === '' || !(hours >= 0.005 && hours <= 43_800))
    throw new ApiError(
      'BadRequest',
      `cannot start: --node-certificate-hours must be a number from 0.005 to 43800, not "${text}"`,
    );
  return Math.round(hours * 3_600_000);
};

const auditFlags = {
  'audit-required': { type: 'boolean', default: false },
  'audit-keep-days': { type: 'string', default: '400' },
  'audit-keep-rows': { type: 'string', default: '0' },
  'audit-log-mb': { type: 'string', default: '64' },
  'audit-log-files': { type: 'string', default: '10' },
  'audit-syslog': { type: 'string' },
} as const;

type AuditValues = Readonly<Partial<Record<keyof typeof auditFlags, string | boolean>>>;

const wholeOf =
  (values: AuditValues) =>
  (name: keyof typeof auditFlags, min: number, max: number): number =>
    parseWhole(String(values[name]), name, min, max);

const maxKeepDays = 36_500;

/** 0 is no bound; else there is a floor (RetentionPolicy). */
const parseKeepAudit = (values: AuditValues): RetentionSpec['audit'] => {
  const whole = (name: 'audit-keep-days' | 'audit-keep-rows', least: number, most: number): number =>
    values[name] === '0' ? 0 : wholeOf(values)(name, least, most);
  return {
    keepDays: whole('audit-keep-days', leastAudit.keepDays, maxKeepDays) || maxKeepDays,
    keepRows: whole('audit-keep-rows', leastAudit.keepRows, 999_999_999),
  };
};

const parseAudit = (values: AuditValues): AuditOptions => {
  const whole = wholeOf(values);
  const target = values['audit-syslog'];
  const syslog = typeof target === 'string' ? parseSyslogTarget(target) : undefined;
  if (target !== undefined && syslog === undefined)
    throw new ApiError(
      'BadRequest',
      `cannot start: --audit-syslog must be udp://host:port or tcp://host:port, not "${target}"`,
    );
  return {
    isRequired: values['audit-required'] === true,
    fileBytes: whole('audit-log-mb', 1, 65_536) * 1024 * 1024,
    files: whole('audit-log-files', 1, 999),
    syslog,
  };
};

/** Addresses of this machine that others may use: IPv4 first, then IPv6, then names. */
const ownAddresses = (): readonly string[] => {
  const all = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'));
  const of = (family: string) => all.filter((entry) => entry.family === family).map((entry) => entry.address);
  return [...of('IPv4'), ...of('IPv6'), hostname(), 'localhost', '127.0.0.1', '::1'];
};

/** Takes what is secret out of the environment. @throws ApiError BadRequest naming the option. */
export const parseConfig = (argv: readonly string[], environment: NodeJS.ProcessEnv): Config | 'help' => {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      'data-dir': { type: 'string', default: 'var' },
      host: { type: 'string', default: '0.0.0.0' },
      port: { type: 'string', default: '7443' },
      'agent-port': { type: 'string', default: '7444' },
      address: { type: 'string', multiple: true, default: [] },
      'local-node': { type: 'boolean', default: true },
      'agent-file': { type: 'string', default: releasedAgentFile },
      'node-certificate-hours': { type: 'string', default: '2160' },
      ...storeFlags,
      ...keySourceFlags,
      ...auditFlags,
      ...logFlags,
      ...backupFlags,
      ...drainFlags,
      ...controllerFlags,
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    dataDir: resolve(values['data-dir']),
    store: takeStore(values, environment),
    content: parseContentBounds(values),
    host: values.host,
    port: parsePort(values.port, 'port'),
    agentPort: parsePort(values['agent-port'], 'agent-port'),
    addresses: [...new Set([...values.address, ...ownAddresses()])],
    localNode: values['local-node'],
    agentFile: resolve(values['agent-file']),
    nodeCertificateMs: parseCertificateHours(values['node-certificate-hours']),
    keySource: takeKeySource(values, environment),
    log: takeLogPlan(values),
    audit: parseAudit(values),
    keepAudit: parseKeepAudit(values),
    drain: takeDrainTimes(values),
    controllers: takeControllers(values),
    backups: takeBackupPlan(values, Intl.DateTimeFormat().resolvedOptions().timeZone),
  };
};

/** What of it a support bundle may tell. */
export const toShownConfiguration = (config: Config): ShownConfiguration => {
  const { dataDir, store, host, port, agentPort, addresses, localNode, agentFile, keySource } = config;
  const { isRequired, fileBytes, files, syslog } = config.audit;
  return {
    dataDir,
    store: store === undefined ? 'the data directory' : withoutPassword(store),
    host,
    port,
    agentPort,
    addresses,
    localNode,
    agentFile,
    nodeCertificateHours: config.nodeCertificateMs / 3_600_000,
    secretsKey: keySource?.kind ?? 'as before',
    logLevel: config.log.level,
    audit: {
      required: isRequired,
      fileBytes,
      files,
      syslog: syslog === undefined ? '' : `${syslog.protocol}://${syslog.host}:${syslog.port}`,
    },
  };
};
