// Owns the controllers that go on by themselves: which there are, what each is given, and which of them run on the leader only
// (adr/0018 says why).
import { enrollmentTokenKind } from '@drover/api';
import type { createAdmission } from './auth/admission.ts';
import { backupEntry } from './auth/audit/backups.ts';
import { type AuditTrail, ownEntry } from './auth/audit/trail.ts';
import { createWorkAudit } from './auth/audit/work.ts';
import type { Auth } from './auth/auth.ts';
import type { CertificateDesk } from './auth/client-certificates.ts';
import { createLaterStart } from './auth/later/start.ts';
import type { RunPolicyDesk } from './auth/run-policy/desk.ts';
import type { Config } from './config.ts';
import { tellOfBackup } from './controllers/backup-news.ts';
import { runClientCertificateController } from './controllers/client-certificates/controller.ts';
import { tellOfDisk } from './controllers/disk-news.ts';
import { type EnrolmentDeps, runEnrolmentController } from './controllers/enrolment/controller.ts';
import { runPolicyController } from './controllers/policy/controller.ts';
import { runRetentionController } from './controllers/retention/controller.ts';
import { runScheduleController } from './controllers/schedule/controller.ts';
import { runServiceAccountController } from './controllers/service-account/controller.ts';
import { runSshEnrolmentController } from './controllers/ssh-enrolment/controller.ts';
import type { IssueToken } from './controllers/ssh-enrolment/host.ts';
import { runWorkController } from './controllers/work/controller.ts';
import { createEngine } from './engine/engine.ts';
import type { Clock } from './platform/clock.ts';
import type { Closers } from './platform/closers.ts';
import type { Fence } from './platform/fence.ts';
import type { Hold } from './platform/hold.ts';
import type { Leadership } from './platform/leadership.ts';
import type { Log } from './platform/log.ts';
import type { Resources } from './resources/resources.ts';
import { type BackupNews, type BackupRoutine, openBackupRoutine } from './store/backup/routine.ts';
import type { Keyring } from './store/sealing/keyring.ts';
import type { AuditStore, Store, TaskSpec } from './store/store.ts';
import { allSizes, allSweeps, type Kept } from './sweeps.ts';
import { issueEnrollmentToken } from './ways-in.ts';

/** What each of them needs. */
interface Loop {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
}

/** Those that run on one controller only. */
interface LeaderLoop extends Loop {
  readonly leadership: Leadership;
}

/** Backups by the clock, where the start says so; what becomes of each is told as an Event of the controller. */
export const runBackups = async (
  { backups: plan, dataDir, store: url }: Config,
  deps: LeaderLoop & {
    readonly keyring: Keyring;
    readonly hold: Hold;
    readonly store: Store;
    readonly closers: Closers;
  },
): Promise<BackupRoutine | undefined> => {
  if (plan === undefined) return undefined;
  const { keyring, hold, store, leadership, clock, log, closers } = deps;
  const tell = async (news: BackupNews): Promise<void> => {
    await store.audit.append(backupEntry(clock.nowMs(), news));
    await tellOfBackup(deps, news);
  };
  return closers.add(
    await openBackupRoutine(plan, {
      ...{ dataDir, url, keyring, hold, meta: store.meta, clock, log, tell },
      leads: () => leadership.isLeading,
    }),
  );
};

/** What is carried out on nodes, and what the clock makes of it. The engine is the leader's: what it holds in memory is its own. */
export const runWork = async (
  deps: LeaderLoop & {
    readonly store: Pick<Store, 'tasks' | 'agents'>;
    readonly fence: Fence<TaskSpec>;
    readonly audit: AuditStore;
    readonly trail: AuditTrail;
    readonly runPolicies: RunPolicyDesk;
    readonly auth: Auth;
    readonly admission: ReturnType<typeof createAdmission>;
  },
): Promise<void> => {
  const { resources, store, fence, audit, trail, runPolicies, auth, admission, leadership, clock, log } =
    deps;
  const { askOf } = runPolicies;
  const workAudit = createWorkAudit({ audit, clock });
  await leadership.during(() => {
    const engine = createEngine({ store, clock, log, fence });
    const work = runWorkController({ resources, engine, clock, log, audit: workAudit, askOf });
    return {
      close: () => {
        engine.close();
        return work.close();
      },
    };
  });
  const { refusal } = trail;
  const start = createLaterStart({ auth, admission, resources, audit, refusal, clock });
  await leadership.during(() => runScheduleController({ resources, clock, log, start }));
};

/** Servers, people and programs that ask for certificates. Servers join: by a request, or over SSH with a token of its own, which the audit trail knows. */
export const runEnrolment = async (
  deps: LeaderLoop &
    Pick<EnrolmentDeps, 'signer' | 'credentials'> & {
      readonly lifetimeMs: number;
      readonly admission: ReturnType<typeof createAdmission>;
      readonly audit: AuditStore;
      readonly certificates: CertificateDesk;
    },
): Promise<void> => {
  const { resources, audit, certificates, leadership, clock, log } = deps;
  const issueToken: IssueToken = ({ labels, expiresSeconds, reason }) => {
    const { group, plural: resource } = enrollmentTokenKind;
    const entry = () => ({ ...ownEntry(clock.nowMs(), 'create'), group, resource, reason });
    const expiresAt = new Date(clock.nowMs() + expiresSeconds * 1000).toISOString();
    return audit.within({ entry, rows: 0 }, () => issueEnrollmentToken(deps, 'ssh-', { labels, expiresAt }));
  };
  await leadership.during(() => runEnrolmentController(deps));
  await leadership.during(() => runClientCertificateController({ resources, certificates, clock, log }));
  await leadership.during(() => runSshEnrolmentController({ resources, clock, log, issueToken }));
};

/** What keeps order among that which is there: policies, service accounts, and how long everything is kept. */
export const runUpkeep = async (
  config: Config,
  deps: LeaderLoop & Kept & { readonly served: AbortSignal },
): Promise<void> => {
  const { resources, leadership, served, clock, log } = deps;
  await leadership.during(() => runPolicyController({ resources, log }));
  await leadership.during(() => runServiceAccountController({ resources, log }));
  const { disk } = deps.store;
  tellOfDisk({ disk, resources, clock, log });
  disk.keepReserve();
  const sizes = () => allSizes(deps);
  const initial = { audit: config.keepAudit };
  const sweeps = allSweeps(deps);
  await leadership.during(() =>
    runRetentionController({ resources, clock, log, served, sweeps, sizes, initial }),
  );
};
