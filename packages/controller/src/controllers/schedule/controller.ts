// Owns the loop over all Schedules: one timer each, to the next time that it is due.
// I1: a run is made before it is written down that its time is settled; after a crash in between it is found made (run.ts).
// I2: whoever may not, or what cannot be made, runs nothing: that time is settled, and an Event and a condition say why.
//     What may be over soon (the store is busy) is tried again, until the deadline.
// I3: runs that are going on, and those that are kept, are counted anew at each look: nothing of it is remembered.
import {
  ApiError,
  type CommandRun,
  commandRunKind,
  type KubeObject,
  scheduleKind as kind,
  type LaterRequester,
  type SavedCommand,
  type Schedule,
  savedCommandKind,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import { createKeyedQueue, type KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { type Happening, recordEvent } from '../events.ts';
import { planHistory } from './history.ts';
import { nextDueMs, nextLookMs, planStep, type ScheduleStep } from './plan.ts';
import { runNameOf, toPlannedRun } from './run.ts';
import { isActive, type Outcome, readyOf, toScheduleStatus, withStatus } from './status.ts';

export interface ScheduleControllerDeps {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the run in the name of who answers for it (auth/later/start.ts). */
  readonly start: (wish: {
    readonly run: KubeObject;
    readonly requester: LaterRequester;
    readonly author?: LaterRequester | undefined;
    readonly reason: string;
  }) => Promise<KubeObject>;
}

export interface ScheduleController {
  close(): Promise<void>;
}

const width = 8;
const longestTimerMs = 2 ** 31 - 1;
/** What will be no better a moment later (I2). */
const lasting: readonly string[] = ['Forbidden', 'Invalid', 'NotFound', 'BadRequest', 'AlreadyExists'];

// Stored objects have been validated by the schema of their kind.
const asSchedule = (object: KubeObject): Schedule => object as unknown as Schedule;
const asRun = (object: KubeObject): CommandRun => object as unknown as CommandRun;

const isGone = (error: unknown): boolean => error instanceof ApiError && error.reason === 'NotFound';

const ownerOf = ({ metadata }: KubeObject) =>
  metadata.ownerReferences?.find((owner) => owner.kind === kind.kind && owner.controller === true);

class ScheduleLoop implements ScheduleController {
  readonly #deps: ScheduleControllerDeps;
  readonly #queue: KeyedQueue;
  readonly #stop = new AbortController();
  readonly #following: readonly Promise<void>[];

  constructor(deps: ScheduleControllerDeps) {
    this.#deps = deps;
    this.#queue = createKeyedQueue({
      step: (key) => this.#step(key),
      width,
      log: deps.log,
      onError: 'cannot carry on with a schedule: trying again',
    });
    const follow = { ...deps, signal: this.#stop.signal };
    this.#following = [
      followKind(follow, kind, ({ type, object: { metadata } }) => {
        if (type !== 'DELETED') this.#queue.add(`${metadata.namespace}/${metadata.name}`);
      }),
      followKind(follow, commandRunKind, ({ type, object }) => {
        const owner = ownerOf(object);
        // Progress of a run changes nothing for its schedule.
        if (owner === undefined || (type === 'MODIFIED' && isActive(asRun(object)))) return;
        this.#queue.add(`${object.metadata.namespace}/${owner.name}`);
      }),
    ];
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#following, this.#queue.close()]);
  }

  async #step(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const found = this.#deps.resources.find(kind, namespace, name);
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
    const schedule = asSchedule(found);
    const active = this.#runsOf(schedule).filter(isActive);
    const facts = { schedule, active: active.length, nowMs: this.#deps.clock.nowMs() };
    const step = planStep(facts);
    const outcome = await this.#act(schedule, step, active);
    await this.#trim(schedule);
    await this.#report(schedule, outcome);
    const lookMs = nextLookMs(facts, step);
    if (lookMs === undefined) return;
    const delayMs = Math.max(1, lookMs - this.#deps.clock.nowMs());
    this.#queue.add(key, Math.min(delayMs, longestTimerMs));
  }

  /** I3. */
  #runsOf({ metadata: { namespace = '', uid } }: Schedule): readonly CommandRun[] {
    return this.#deps.resources
      .list(commandRunKind, { namespace })
      .items.filter((run) => ownerOf(run)?.uid === uid)
      .map(asRun);
  }

  async #act(schedule: Schedule, step: ScheduleStep, active: readonly CommandRun[]): Promise<Outcome> {
    switch (step.kind) {
      case 'none':
        return {};
      case 'run':
        return this.#run(schedule, step.dueMs);
      case 'miss': {
        const message = `the run of ${toTimestamp(step.dueMs)} is left out: it could not start within ${schedule.spec.startingDeadlineSeconds} s`;
        await this.#tell(schedule, 'Warning', 'MissSchedule', message);
        return { settledMs: step.dueMs, hindrance: { reason: 'MissSchedule', message } };
      }
      case 'wait':
        return this.#wait(schedule, step, active);
      default:
        return step satisfies never;
    }
  }

  /** I1, I2. */
  async #run(schedule: Schedule, dueMs: number): Promise<Outcome> {
    try {
      const made = await this.#make(schedule, dueMs);
      if (made)
        await this.#tell(schedule, 'Normal', 'SuccessfulCreate', `made run ${runNameOf(schedule, dueMs)}`);
      return { settledMs: dueMs, isMade: true, hindrance: 'none' };
    } catch (error) {
      if (!(error instanceof ApiError) || !lasting.includes(error.reason)) throw error;
      const message = `no run of ${toTimestamp(dueMs)}: ${error.message}`;
      await this.#tell(schedule, 'Warning', 'FailedCreate', message);
      return { settledMs: dueMs, hindrance: { reason: 'FailedCreate', message } };
    }
  }

  /** Resolves to whether it was made now: false when a former life of ours has made it (I1). */
  async #make(schedule: Schedule, dueMs: number): Promise<boolean> {
    const { resources, start } = this.#deps;
    const { requester } = schedule.spec;
    const { namespace = '', name = '', uid } = schedule.metadata;
    const there = resources.find(commandRunKind, namespace, runNameOf(schedule, dueMs));
    if (there !== undefined && ownerOf(there)?.uid === uid) return false;
    if (requester === undefined)
      throw new ApiError('Forbidden', 'cannot run: nobody answers for this schedule; apply it again');
    const command = schedule.spec.savedCommand?.name;
    const saved = command === undefined ? undefined : resources.find(savedCommandKind, namespace, command);
    const planned = toPlannedRun(schedule, saved as SavedCommand | undefined, dueMs); // validated when it was stored
    await start({ ...planned, requester, reason: `schedule ${namespace}/${name}` });
    return true;
  }

  async #wait(
    schedule: Schedule,
    step: Extract<ScheduleStep, { kind: 'wait' }>,
    active: readonly CommandRun[],
  ): Promise<Outcome> {
    if (step.cancels) for (const run of active) await this.#cancel(run);
    const names = active.map(({ metadata }) => metadata.name).join(', ');
    const message = `the run of ${toTimestamp(step.dueMs)} waits for the end of ${names}`;
    if (readyOf(schedule)?.message !== message)
      await this.#tell(schedule, 'Normal', 'RunAlreadyActive', message);
    return { hindrance: { reason: 'RunAlreadyActive', message } };
  }

  async #cancel({ metadata: { namespace = '', name = '' }, spec }: CommandRun): Promise<void> {
    if (spec.cancel) return;
    await this.#deps.resources
      .modify(commandRunKind, namespace, name, (object) => ({
        ...object,
        spec: { ...asRun(object).spec, cancel: true },
      }))
      .catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
  }

  async #trim(schedule: Schedule): Promise<void> {
    for (const { metadata } of planHistory(this.#runsOf(schedule), schedule.spec)) {
      const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
      await this.#deps.resources
        .delete(commandRunKind, metadata.namespace ?? '', metadata.name ?? '', { preconditions })
        .catch((error: unknown) => {
          if (!isGone(error)) throw error;
        });
    }
  }

  /** Says nothing of a schedule that was changed meanwhile: it is looked at again. */
  async #report({ metadata }: Schedule, outcome: Outcome): Promise<void> {
    const { resources, clock } = this.#deps;
    const { namespace = '', name = '', uid } = metadata;
    const nowMs = clock.nowMs();
    const change = (object: KubeObject): KubeObject | undefined => {
      if (object.metadata.uid !== uid) return undefined;
      const schedule = asSchedule(object);
      const nextMs = nextDueMs({ schedule, nowMs });
      const input = { schedule, runs: this.#runsOf(schedule), outcome, nextMs, nowMs };
      return withStatus(object, toScheduleStatus(input));
    };
    await resources
      .modify(kind, namespace, name, change, { subresource: 'status' })
      .catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
  }

  #tell(schedule: Schedule, type: Happening['type'], reason: string, message: string): Promise<void> {
    const object = schedule as unknown as KubeObject;
    return recordEvent(this.#deps, { object, type, reason, message, component: 'schedule-controller' });
  }
}

/** Works on all schedules until closed; what was due meanwhile is made up for at the next start, as each allows. */
export const runScheduleController = (deps: ScheduleControllerDeps): ScheduleController =>
  new ScheduleLoop(deps);
