// Owns what becomes of the rows of the audit trail beside the store: the copy in a file, syslog, and their removal.
import { join } from 'node:path';
import type { AuditEntry } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { aheadFiles, aheadWords, setAside } from '../../store/audit-ahead.ts';
import type { AuditStore } from '../../store/store.ts';
import { AuditFile } from './file.ts';
import { openSyslog, type Syslog, type SyslogTarget } from './syslog.ts';

export interface AuditOptions {
  /** Refuse changes while rows cannot be copied to the file. */
  readonly isRequired: boolean;
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

const dayMs = 86_400_000;

/** What the controller itself did. */
export const ownEntry = (nowMs: number, verb: string): AuditEntry => ({
  time: new Date(nowMs).toISOString(),
  user: 'system:controller',
  verb,
  resource: 'audit',
  decision: 'allow',
});

/** Removes what is older or more than wanted (0: whatever their age, however many); returns how many rows. */
export const trimTrail = async (
  { audit, clock }: Pick<Deps, 'audit' | 'clock'>,
  { keepDays, keepRows }: { readonly keepDays: number; readonly keepRows: number },
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
  await setAside(audit, dataDir).catch((err: unknown) =>
    log.error({ err, file: path }, 'cannot compare the audit log with the store'),
  );
  for (const ahead of await aheadFiles(dataDir)) {
    const { message, remedy } = aheadWords(dataDir, ahead);
    log.error({ ...ahead, remedy }, message);
  }
  const file = new AuditFile({ path, maxBytes: options.fileBytes, keepFiles: options.files }, { audit, log });
  const syslog: Syslog | undefined = options.syslog && openSyslog(options.syslog, log);
  const unsubscribe = audit.onAppend((lines) => {
    file.add(lines);
    syslog?.send(lines);
  });
  await file.flush();
  return {
    refusal: () =>
      options.isRequired && file.problem !== undefined
        ? `the audit log is required and cannot be written (${file.problem})`
        : undefined,
    flush: () => file.flush(),
    close: async () => {
      unsubscribe();
      await file.close();
      await syslog?.close();
    },
  };
};
