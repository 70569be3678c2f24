// Owns one step for one piece of work: compare the object with what the engine has, and bring them together.
// I1: the finalizer is on the object before the first task row exists, so that rows never outlive it unseen.
// I2: the node list is resolved once, before the tasks exist; from then on the tasks are the list.
// I3: a status is written only when it says something new, and a final one never changes again.
// I4: what a run policy wants approved has no tasks before it is (approval.ts).
import {
  ApiError,
  fileTransferKind,
  isEqualJson,
  type Kind,
  type KubeObject,
  type MetRule,
  type WorkStatus,
} from '@drover/api';
import type { Engine } from '../../engine/engine.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Resources } from '../../resources/resources.ts';
import { planApproval } from './approval.ts';
import { fleetOf } from './fleet.ts';
import { checkSigned, type PlannedTargets, planGone, planTargets, toOrder } from './plan.ts';
import { toEmptyStatus, toPendingStatus, toWorkStatus } from './status.ts';
import { isFinalPhase, resultsFinalizer, toWork, type Work } from './work.ts';

export interface ReconcileDeps {
  readonly resources: Resources;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit?: WorkAudit | undefined;
  /** The rule that wants the work approved before it starts on one of the nodes; absent: nothing does. */
  readonly askOf?: ((spec: Work['spec'], nodes: readonly string[]) => MetRule | undefined) | undefined;
}

/** For the audit trail: on which nodes work begins, before they hear of it, and how it ended. */
export interface WorkAudit {
  started(work: Item, nodes: readonly string[]): Promise<void>;
  ended(work: Item, outcome: string): Promise<void>;
}

/** Which object, and what of it has been told to the engine. */
export interface Item {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  generation: number;
  cancelled: boolean;
}

const maxMessage = 500;

/** 'ended': nothing is left to do for this object. A time: look again then, even if nothing happens. */
export type Step = 'going' | 'ended' | { readonly untilMs: number };

/** Why work does not begin, or not yet. */
interface NoStart {
  readonly status: WorkStatus;
  readonly untilMs?: number;
}

/** Why nothing was begun, in our own words: what somebody has written to a rejection is theirs. */
const whyNothing = ({ counts, conditions = [], message = '' }: WorkStatus): string =>
  counts?.total === 0 && !conditions.some(({ type }) => type === 'Denied')
    ? message.slice(0, maxMessage)
    : '';

/** 'Succeeded: 3 succeeded', 'Failed: 2 succeeded, 1 failed', 'Succeeded: 3 succeeded; 4096 bytes', 'Failed; no node ...'. */
const toOutcome = (status: WorkStatus, movedBytes: number | undefined): string => {
  const { phase, counts } = status;
  const parts = Object.entries(counts ?? {}).filter(([name, count]) => name !== 'total' && count > 0);
  const how = [phase, parts.map(([name, count]) => `${count} ${name}`).join(', ')].filter(Boolean).join(': ');
  const bytes = movedBytes === undefined ? '' : `${movedBytes} bytes`;
  return [how, bytes, whyNothing(status)].filter(Boolean).join('; ');
};

export class Reconciler {
  readonly #deps: ReconcileDeps;

  constructor(deps: ReconcileDeps) {
    this.#deps = deps;
  }

  /** `isDue`: progress may be written again; changes of the wish and the beginning are always looked at. */
  async step(item: Item, isDue: boolean): Promise<Step> {
    const object = this.#find(item);
    if (!object) return this.#letGo(item);
    const work = toWork(object);
    if (work.metadata.deletionTimestamp !== undefined) return this.#finalize(item, work);
    if (isFinalPhase(work.status)) return this.#letGo(item);
    if (!this.#deps.engine.has(item.uid)) {
      await this.#hold(item);
      const refused = await this.#start(item, work);
      if (refused) {
        const step = await this.#write(item, refused.status);
        return refused.untilMs === undefined ? step : { untilMs: refused.untilMs };
      }
    }
    const isNews = await this.#tell(item, work);
    return isDue || isNews ? this.#report(item, work.spec.cancel) : 'going';
  }

  #find(item: Item): KubeObject | undefined {
    const object = this.#deps.resources.find(item.kind, item.namespace, item.name);
    return object?.metadata.uid === item.uid ? object : undefined;
  }

  #letGo(item: Item): Step {
    this.#deps.engine.forget(item.uid);
    return 'ended';
  }

  /** I1. */
  async #hold(item: Item): Promise<void> {
    await this.#modify(item, (object) => {
      const finalizers = object.metadata.finalizers ?? [];
      if (finalizers.includes(resultsFinalizer) || object.metadata.deletionTimestamp !== undefined)
        return undefined;
      return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, resultsFinalizer] } };
    });
  }

  /** Hands the work to the engine, or returns why it does not begin. */
  async #start(item: Item, work: Work): Promise<NoStart | undefined> {
    const { engine, clock } = this.#deps;
    try {
      checkSigned(work);
      const begun = await engine.nodesOf(item.uid);
      const targets = await this.#targets(item, work, begun);
      if (targets.nodes.length === 0) {
        const message = `nothing to repeat: no node of ${work.spec.retryOf} failed`;
        return { status: toEmptyStatus(work, 'Succeeded', message, clock.nowMs()) };
      }
      const waits = begun ? undefined : this.#approval(work, targets.nodes);
      if (waits) return waits;
      if (!begun) await this.#deps.audit?.started(item, targets.nodes);
      await engine.submit(toOrder(work, targets, work.spec.cancel));
      item.generation = work.metadata.generation ?? 0;
      item.cancelled = work.spec.cancel;
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError) || !['BadRequest', 'NotFound', 'Invalid'].includes(error.reason))
        throw error;
      return { status: toEmptyStatus(work, 'Failed', error.message, clock.nowMs()) };
    }
  }

  /** I4. What is cancelled needs no approval to be. */
  #approval(work: Work, nodes: readonly string[]): NoStart | undefined {
    if (work.spec.cancel) return undefined;
    const nowMs = this.#deps.clock.nowMs();
    const step = planApproval(work, this.#deps.askOf?.(work.spec, nodes), nowMs);
    switch (step.kind) {
      case 'go':
        return undefined;
      case 'over':
        return { status: toEmptyStatus(work, 'Cancelled', step.message, nowMs) };
      case 'wait':
        return { status: toPendingStatus(work, step, nodes.length, nowMs), untilMs: step.untilMs };
    }
  }

  /** I2. */
  async #targets(item: Item, work: Work, begun: readonly string[] | undefined): Promise<PlannedTargets> {
    const fleet = fleetOf(this.#deps.resources);
    if (begun) return planGone(begun, fleet);
    const { retryOf } = work.spec;
    if (retryOf === undefined) return planTargets(work.spec.targets, fleet);
    const earlier = this.#deps.resources.get(item.kind, item.namespace, retryOf);
    const only = await this.#deps.engine.unsuccessful(earlier.metadata.uid ?? '');
    return only.length === 0
      ? { nodes: [], refused: new Map() }
      : planTargets(work.spec.targets, fleet, only);
  }

  /** Changes of the wish while the work is going on. */
  async #tell(item: Item, work: Work): Promise<boolean> {
    const generation = work.metadata.generation ?? 0;
    const isNews = item.generation !== generation;
    if (isNews) {
      item.generation = generation;
      this.#deps.engine.setStrategy(item.uid, work.spec.strategy);
    }
    if (work.spec.cancel && !item.cancelled) {
      await this.#deps.engine.cancel(item.uid);
      item.cancelled = true;
    }
    return isNews;
  }

  /** Writes how the tasks stand. */
  async #report(item: Item, cancelled: boolean): Promise<Step> {
    const { engine, clock } = this.#deps;
    const object = this.#find(item);
    const progress = engine.progress(item.uid);
    if (!object || !progress) return 'going';
    const absence = (node: string) => engine.absence(node);
    const input = { progress, cancelled, absence, nowMs: clock.nowMs() };
    const movedBytes = item.kind.plural === fileTransferKind.plural ? progress.movedBytes : undefined;
    return this.#write(item, toWorkStatus({ ...input, work: toWork(object) }), movedBytes);
  }

  /** I3. */
  async #write(item: Item, status: WorkStatus, movedBytes?: number): Promise<Step> {
    const write = { subresource: 'status' } as const;
    let isNew = false;
    await this.#modify(
      item,
      (object) => {
        const before = toWork(object).status;
        isNew = !isFinalPhase(before) && !isEqualJson(before, status);
        return isNew ? { ...object, status } : undefined;
      },
      write,
    );
    if (!isFinalPhase(status)) return 'going';
    if (isNew) await this.#deps.audit?.ended(item, toOutcome(status, movedBytes));
    return this.#letGo(item);
  }

  /** The object is to go: cancel, wait for the end of every task, remove the rows, then let the object go. */
  async #finalize(item: Item, work: Work): Promise<Step> {
    const { engine } = this.#deps;
    if (!work.metadata.finalizers?.includes(resultsFinalizer)) return this.#letGo(item);
    const nodes = await engine.nodesOf(item.uid);
    if (nodes) {
      if (!engine.has(item.uid))
        await engine.submit(toOrder(work, planGone(nodes, fleetOf(this.#deps.resources)), true));
      else if (!item.cancelled) await engine.cancel(item.uid);
      item.cancelled = true;
      if ((engine.progress(item.uid)?.live ?? 0) > 0) return this.#report(item, true);
    }
    await engine.remove(item.uid);
    await this.#modify(item, (object) => {
      const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== resultsFinalizer);
      return { ...object, metadata: { ...object.metadata, finalizers } };
    });
    return 'ended';
  }

  /** Like resources.modify, but leaves alone what is not this object any more. */
  async #modify(
    item: Item,
    change: (object: KubeObject) => KubeObject | undefined,
    options: { readonly subresource?: 'status' } = {},
  ): Promise<void> {
    const { kind, namespace, name, uid } = item;
    try {
      await this.#deps.resources.modify(
        kind,
        namespace,
        name,
        (object) => (object.metadata.uid === uid ? change(object) : undefined),
        options,
      );
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
    }
  }
}
