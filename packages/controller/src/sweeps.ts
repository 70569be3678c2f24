// Owns what retention removes in every room, how often each is looked at, and how much there is of it.
// I1: files that a backup reads by their names, recordings and content, are removed only while none is made.
import { trimTrail } from './auth/audit/trail.ts';
import { removeOver } from './auth/issue.ts';
import { removeUnnamedContent } from './controllers/retention/content.ts';
import type { Sizes, Sweep } from './controllers/retention/controller.ts';
import { removeEndedSshEnrolments, removeExpiredTokens } from './controllers/retention/enrolments.ts';
import { removeOldWork } from './controllers/work/retention.ts';
import type { Clock } from './platform/clock.ts';
import type { Hold } from './platform/hold.ts';
import type { Resources } from './resources/resources.ts';
import type { ApiServer } from './server/deps.ts';
import type { Store } from './store/store.ts';

/** Where it is kept. */
export interface Kept {
  readonly store: Pick<Store, 'audit' | 'blobs' | 'credentials' | 'disk' | 'tasks' | 'sizes' | 'giveBack'>;
  readonly resources: Resources;
  readonly recordings: ApiServer['recordings'];
  readonly hold: Hold;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const mebibyte = 1024 * 1024;

const sweep = (what: string, everyMs: number, run: Sweep['run']): Sweep => ({ what, everyMs, run });
const beforeDays = (nowMs: number, { keepDays }: { readonly keepDays: number }) => nowMs - keepDays * dayMs;
const unlessHeld = async (hold: Hold, work: () => Promise<number>): Promise<number> =>
  (await hold.unlessHeld(work)) ?? 0;

/** What only one controller may do. Events, former states and requests for certificates are removed where they are kept (resources, enrolment). */
export const allSweeps = ({
  store,
  resources,
  recordings,
  hold,
  clock,
}: Kept & { readonly clock: Clock }): readonly Sweep[] => {
  const { audit, blobs, credentials, tasks } = store;
  return [
    sweep('old runs and transfers', hourMs / 6, ({ work }, _nowMs, signal) =>
      removeOldWork({ resources, clock, signal, retentionMs: work.keepDays * dayMs }),
    ),
    sweep('old rows of the audit trail', hourMs, (spec) => trimTrail({ audit, clock }, spec.audit)),
    sweep('old recordings', hourMs / 6, (spec, nowMs) =>
      unlessHeld(hold, () =>
        recordings.trim({
          endedBeforeMs: beforeDays(nowMs, spec.recordings),
          mostBytes: spec.recordings.keepMebibytes * mebibyte,
        }),
      ),
    ),
    sweep('content that nobody names', hourMs / 6, ({ content }, nowMs, signal) => {
      const deps = { resources, blobs, tasksOf: (work: string) => tasks.list({ work }) };
      return unlessHeld(hold, () => removeUnnamedContent(deps, nowMs - content.keepHours * hourMs, signal));
    }),
    sweep('old enrolment tokens', hourMs, (spec, nowMs) =>
      removeExpiredTokens(resources, beforeDays(nowMs, spec.enrollmentTokens)),
    ),
    sweep('old enrolments over SSH', hourMs, (spec, nowMs) =>
      removeEndedSshEnrolments(resources, beforeDays(nowMs, spec.sshEnrollments)),
    ),
    sweep('sessions, links and tokens that have ended', hourMs / 6, (_spec, nowMs) =>
      removeOver(credentials, nowMs),
    ),
    sweep('uploads that nobody goes on with', hourMs, (_spec, nowMs) => blobs.removeOldUploads(nowMs)),
    sweep('rows of expired certificates', hourMs, (spec, nowMs) =>
      credentials.removeExpiredCertificates(beforeDays(nowMs, spec.certificates)),
    ),
    // Last: what the others have removed is given back.
    sweep('free bytes of the database', hourMs, (_spec, _nowMs, signal) => store.giveBack(signal)),
  ];
};

/** Of what is no object. */
export const allSizes = async ({ store, recordings }: Pick<Kept, 'store' | 'recordings'>): Promise<Sizes> => {
  const [{ databaseBytes, kept }, recorded] = await Promise.all([store.sizes(), recordings.size()]);
  return { databaseBytes, kept: [...kept, { name: 'recordings', ...recorded }] };
};
