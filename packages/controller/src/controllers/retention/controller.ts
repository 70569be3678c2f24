// Owns the loop that removes what has been kept long enough, and tells how much there is.
// I1: what the RetentionPolicy says is read before each pass; a change of it begins one at once.
// I2: a sweep that fails is logged and tried again; the others go on.
// I3: how much there is is counted at most once in `measureMs`, and after a change or a removal: what a page shows costs
//     nothing when it is looked at.
// I4: the first pass waits until the controller serves: it reads whole tables, and who starts would wait behind it.
import {
  certificateSigningRequestKind,
  commandRunKind,
  enrollmentTokenKind,
  eventKind,
  fileTransferKind,
  isEqualJson,
  type Kept,
  type Kind,
  type KubeObject,
  type RetentionPolicy,
  type RetentionSpec,
  retentionIn,
  retentionPolicyKind,
  retentionPolicyName,
  sshEnrollmentKind,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { pause } from '../../platform/pause.ts';
import type { Resources } from '../../resources/resources.ts';
import { keepRetentionPolicy, type RetentionDeps } from './policy.ts';

const minuteMs = 60_000;
const measureMs = 10 * minuteMs;
/** Whoever starts for longer than this is swept beside it. */
const maxStartMs = 10 * minuteMs;

export interface Sweep {
  /** For the log, e.g. 'old recordings'. */
  readonly what: string;
  readonly everyMs: number;
  /** Resolves to how many were removed. */
  readonly run: (spec: RetentionSpec, nowMs: number, signal: AbortSignal) => Promise<number>;
}

export interface Sizes {
  readonly databaseBytes: number;
  readonly kept: readonly Kept[];
}

interface Deps extends RetentionDeps {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
  readonly sweeps: readonly Sweep[];
  /** Of what is no object. */
  readonly sizes: () => Promise<Sizes>;
}

const counted: readonly Kind[] = [
  commandRunKind,
  fileTransferKind,
  eventKind,
  certificateSigningRequestKind,
  enrollmentTokenKind,
  sshEnrollmentKind,
];

const measured = async ({ resources, clock, sizes }: Deps, generation: number | undefined) => {
  const { databaseBytes, kept } = await sizes();
  const objects = counted.map((kind) => ({ name: kind.plural, count: resources.size(kind) }));
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    measuredAt: toTimestamp(clock.nowMs()),
    databaseBytes,
    kept: [...objects, ...kept],
  } satisfies RetentionPolicy['status'];
};

/** A pass: sweeps that are due, then the status. Keeps when each was done. */
export class RetentionPass {
  readonly #deps: Deps;
  readonly #doneMs = new Map<Sweep, number>();
  #measuredMs = Number.NEGATIVE_INFINITY;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** I1: the next pass does everything. */
  changed(): void {
    this.#doneMs.clear();
    this.#measuredMs = Number.NEGATIVE_INFINITY;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, sweeps } = this.#deps;
    let removed = 0;
    for (const sweep of sweeps) {
      const nowMs = clock.nowMs();
      if (signal.aborted || nowMs < (this.#doneMs.get(sweep) ?? Number.NEGATIVE_INFINITY) + sweep.everyMs)
        continue;
      this.#doneMs.set(sweep, nowMs);
      removed += await this.#sweep(sweep, nowMs, signal);
    }
    if (!signal.aborted && (removed > 0 || clock.nowMs() >= this.#measuredMs + measureMs)) await this.#tell();
  }

  /** I2. */
  async #sweep(sweep: Sweep, nowMs: number, signal: AbortSignal): Promise<number> {
    const { resources, log } = this.#deps;
    try {
      const count = await sweep.run(retentionIn(resources), nowMs, signal);
      if (count > 0) log.info({ count }, `removed ${sweep.what}`);
      return count;
    } catch (err) {
      this.#doneMs.delete(sweep);
      if (!signal.aborted) log.warn({ err }, `cannot remove ${sweep.what}: trying again later`);
      return 0;
    }
  }

  /** I3. */
  async #tell(): Promise<void> {
    const { resources, log, clock } = this.#deps;
    try {
      const generation = resources.find(retentionPolicyKind, '', retentionPolicyName)?.metadata.generation;
      if (generation === undefined) return;
      const status = await measured(this.#deps, generation);
      this.#measuredMs = clock.nowMs();
      const change = (object: KubeObject): KubeObject | undefined => {
        const before = (object as unknown as RetentionPolicy).status;
        const isSame = isEqualJson({ ...before, measuredAt: '' }, { ...status, measuredAt: '' });
        return isSame ? undefined : { ...object, status };
      };
      await resources.modify(retentionPolicyKind, '', retentionPolicyName, change, { subresource: 'status' });
    } catch (err) {
      log.warn({ err }, 'cannot tell how much is kept: trying again later');
    }
  }
}

export interface RetentionController {
  close(): Promise<void>;
}

interface Sweeping {
  /** I1. */
  changed(): void;
  close(): Promise<void>;
}

/** Sweeps once `served` (I4) and then every minute what is due, until closed. */
const runSweeps = (deps: Deps & { readonly served: AbortSignal }): Sweeping => {
  const pass = new RetentionPass(deps);
  const stop = new AbortController();
  let wake = new AbortController();
  const loop = async (): Promise<void> => {
    await pause(maxStartMs, AbortSignal.any([stop.signal, deps.served]));
    while (!stop.signal.aborted) {
      wake = new AbortController();
      await pass.run(stop.signal);
      await pause(minuteMs, AbortSignal.any([stop.signal, wake.signal]));
    }
  };
  const looping = loop();
  return {
    changed: () => {
      pass.changed();
      wake.abort();
    },
    close: async () => {
      stop.abort();
      await looping;
    },
  };
};

/** Makes sure that there is a policy; sweeps once `served` (I4) and then every minute what is due, until closed. */
export const runRetentionController = async (
  deps: Deps & {
    readonly initial: Parameters<typeof keepRetentionPolicy>[0]['initial'];
    /** Aborted when the controller serves. */
    readonly served: AbortSignal;
  },
): Promise<RetentionController> => {
  const late: { sweeping?: Sweeping } = {};
  const onChange = (): void => late.sweeping?.changed();
  const keeper = await keepRetentionPolicy({ ...deps, onChange });
  const sweeping = runSweeps(deps);
  late.sweeping = sweeping;
  return { close: async () => void (await Promise.all([keeper.close(), sweeping.close()])) };
};
