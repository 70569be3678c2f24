// Owns what becomes of the rows of the audit trail beside the store: the copy in a file, syslog, and how long they stay.
import { join } from 'node:path';
import type { AuditEntry } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { AuditStore } from '../../store/store.ts';
import { AuditFile } from './file.ts';
import { openSyslog, type Syslog, type SyslogTarget } from './syslog.ts';

export interface AuditOptions {
  /** Refuse changes while rows cannot be copied to the file. */
  readonly isRequired: boolean;
  /** 0: whatever their age. */
  readonly keepDays: number;
  /** 0: however many. */
  readonly keepRows: number;
  readonly fileBytes: number;
  readonly files: number;
  readonly syslog: SyslogTarget | undefined;
}

export interface AuditTrail {
  /** Why nothing may be changed now; undefined when it may. */
  refusal(): string | undefined;
  /** Resolves when the file has what the store has, or cannot have it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Deps {
  readonly audit: AuditStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
}

const trimEveryMs = 3_600_000;
const dayMs = 86_400_000;

/** What the controller itself did. */
export const ownEntry = (nowMs: number, verb: string): AuditEntry => ({
  time: new Date(nowMs).toISOString(),
  user: 'system:controller',
  verb,
  resource: 'audit',
  decision: 'allow',
});

/** Removes what is older or more than wanted; returns how many rows. */
export const trimTrail = async (
  { audit, clock }: Pick<Deps, 'audit' | 'clock'>,
  { keepDays, keepRows }: Pick<AuditOptions, 'keepDays' | 'keepRows'>,
): Promise<number> => {
  if (keepDays === 0 && keepRows === 0) return 0;
  const nowMs = clock.nowMs();
  return audit.trim({
    keepRows: keepRows === 0 ? Number.MAX_SAFE_INTEGER : keepRows,
    olderThan: keepDays === 0 ? '' : new Date(nowMs - keepDays * dayMs).toISOString(),
    entry: ownEntry(nowMs, 'trim'),
  });
};

/** Copies rows from now on, and what was missed before. */
export const openAuditTrail = async (deps: Deps, options: AuditOptions): Promise<AuditTrail> => {
  const { audit, dataDir } = deps;
  const log = deps.log.child({ room: 'audit' });
  const path = join(dataDir, 'audit.log');
  const file = new AuditFile({ path, maxBytes: options.fileBytes, keepFiles: options.files }, { audit, log });
  const syslog: Syslog | undefined = options.syslog && openSyslog(options.syslog, log);
  const unsubscribe = audit.onAppend((lines) => {
    file.add(lines);
    syslog?.send(lines);
  });
  const trim = async (): Promise<void> => {
    try {
      const removed = await trimTrail(deps, options);
      if (removed > 0) log.info({ removed }, 'old rows of the audit trail removed');
    } catch (err) {
      log.warn({ err }, 'cannot remove old rows of the audit trail: trying again later');
    }
  };
  await file.flush();
  let trimming = trim();
  const timer = setInterval(() => {
    trimming = trimming.then(trim);
  }, trimEveryMs);
  return {
    refusal: () =>
      options.isRequired && file.problem !== undefined
        ? `the audit log is required and cannot be written (${file.problem})`
        : undefined,
    flush: () => file.flush(),
    close: async () => {
      clearInterval(timer);
      await trimming;
      unsubscribe();
      await file.close();
      await syslog?.close();
    },
  };
};
