// Owns the controllers that go on by themselves: which there are, and what each is given.
import { enrollmentTokenKind } from '@drover/api';
import type { createAdmission } from './auth/admission.ts';
import { type AuditTrail, ownEntry } from './auth/audit/trail.ts';
import { createWorkAudit } from './auth/audit/work.ts';
import type { Auth } from './auth/auth.ts';
import { createLaterStart } from './auth/later/start.ts';
import type { RunPolicyDesk } from './auth/run-policy/desk.ts';
import type { Config } from './config.ts';
import { tellOfBackup } from './controllers/backup-news.ts';
import { runPolicyController } from './controllers/policy/controller.ts';
import { runRetentionController } from './controllers/retention/controller.ts';
import { runScheduleController } from './controllers/schedule/controller.ts';
import { runServiceAccountController } from './controllers/service-account/controller.ts';
import { runSshEnrolmentController } from './controllers/ssh-enrolment/controller.ts';
import type { IssueToken } from './controllers/ssh-enrolment/host.ts';
import { runWorkController } from './controllers/work/controller.ts';
import type { Engine } from './engine/engine.ts';
import type { Clock } from './platform/clock.ts';
import type { Closers } from './platform/closers.ts';
import type { Hold } from './platform/hold.ts';
import type { Log } from './platform/log.ts';
import type { Resources } from './resources/resources.ts';
import { type BackupNews, type BackupRoutine, openBackupRoutine } from './store/backup/routine.ts';
import type { Keyring } from './store/sealing/keyring.ts';
import type { AuditStore, Store } from './store/store.ts';
import { allSizes, allSweeps, type Kept } from './sweeps.ts';
import { issueEnrollmentToken } from './ways-in.ts';

/** What each of them needs. */
interface Loop {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
  readonly closers: Closers;
}

/** Backups by the clock, where the start says so; what becomes of each is told as an Event of the controller. */
export const runBackups = async (
  { backups: plan, dataDir, store: url }: Config,
  deps: Loop & { readonly keyring: Keyring; readonly hold: Hold; readonly store: Store },
): Promise<BackupRoutine | undefined> => {
  if (plan === undefined) return undefined;
  const { keyring, hold, store, clock, log, closers } = deps;
  const tell = (news: BackupNews) => tellOfBackup(deps, news);
  return closers.add(
    await openBackupRoutine(plan, { dataDir, url, keyring, hold, meta: store.meta, clock, log, tell }),
  );
};

/** What is carried out on nodes, and what the clock makes of it. */
export const runWork = (
  deps: Loop & {
    readonly engine: Engine;
    readonly audit: AuditStore;
    readonly trail: AuditTrail;
    readonly runPolicies: RunPolicyDesk;
    readonly auth: Auth;
    readonly admission: ReturnType<typeof createAdmission>;
  },
): void => {
  const { resources, engine, audit, trail, runPolicies, auth, admission, clock, log, closers } = deps;
  const { askOf } = runPolicies;
  const workAudit = createWorkAudit({ audit, clock });
  closers.add(runWorkController({ resources, engine, clock, log, audit: workAudit, askOf }));
  const { refusal } = trail;
  const start = createLaterStart({ auth, admission, resources, audit, refusal, clock });
  closers.add(runScheduleController({ resources, clock, log, start }));
};

/** Servers that join over SSH: each with a token of its own, which the audit trail knows. */
export const runSshEnrolment = (
  deps: Loop & { readonly admission: ReturnType<typeof createAdmission>; readonly audit: AuditStore },
): void => {
  const { resources, audit, clock, log, closers } = deps;
  const issueToken: IssueToken = ({ labels, expiresSeconds, reason }) => {
    const { group, plural: resource } = enrollmentTokenKind;
    const entry = () => ({ ...ownEntry(clock.nowMs(), 'create'), group, resource, reason });
    const expiresAt = new Date(clock.nowMs() + expiresSeconds * 1000).toISOString();
    return audit.within({ entry, rows: 0 }, () => issueEnrollmentToken(deps, 'ssh-', { labels, expiresAt }));
  };
  closers.add(runSshEnrolmentController({ resources, clock, log, issueToken }));
};

/** What keeps order among that which is there: policies, service accounts, and how long everything is kept. */
export const runUpkeep = async (
  config: Config,
  deps: Loop & Kept & { readonly served: AbortSignal },
): Promise<void> => {
  const { resources, served, clock, log, closers } = deps;
  closers.add(runPolicyController({ resources, log }));
  closers.add(runServiceAccountController({ resources, log }));
  const sweeps = allSweeps(deps);
  const sizes = () => allSizes(deps);
  const initial = { audit: config.keepAudit };
  closers.add(await runRetentionController({ resources, clock, log, sweeps, sizes, initial, served }));
};
