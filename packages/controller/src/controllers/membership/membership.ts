// Owns which controllers are alive, and which of them leads: by Lease objects, as Kubernetes' own controllers do.
// I1: every controller renews a lease of its own; one that was not seen to change for its duration has run out (sightings.ts).
// I2: the lease of the leader changes hands by compare-and-set only, and only when it was given up or has run out.
// I3: who leads stops before others may take the lease: `trustMs` after the beginning of the last renewal that succeeded, which is
//     less than the duration, by a clock that also runs while the process is stopped.
// I4: nobody joins those whose version is more than a step away (skew.ts).
// I5: nobody is taken for gone while the database does not answer, nor right after it: they could not renew either, and what they
//     wrote could not be seen. Their agents, who are where they were, would be told away from under them. It answers when a renewal
//     ends, however long that took: a slow database hides nobody's end.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type KubeObject, leaseKind, namespaceKind } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import { OwnLeadership } from '../../platform/leadership.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { createAwakeClock } from './awake.ts';
import {
  addressOf,
  controllerOf,
  durationMs,
  holderOf,
  leaderLease,
  leaseNameOf,
  leaseNamespace,
  newLease,
  toHeld,
  toReleased,
  versionOf,
} from './lease.ts';
import { Sightings } from './sightings.ts';
import { mayWorkTogether } from './skew.ts';

export interface Member {
  readonly controller: string;
  readonly address: string;
  readonly version: string | undefined;
  readonly leads: boolean;
}

export interface Membership {
  readonly leadership: OwnLeadership;
  isAlive(controller: string): boolean;
  /** https://host:port; undefined: it is not alive. */
  addressOf(controller: string): string | undefined;
  /** Who is alive, by id; `version` undefined: it does not say so. */
  members(): readonly Member[];
  /** Those whose lease has run out, or never was, among `controllers`; none while that cannot be seen. */
  readonly gone: (controllers: Iterable<string>) => readonly string[];
  /** From now on it leads when nobody else does; resolves after the first try. Who does not serve yet need not lead. */
  compete(): Promise<void>;
  /** Told when another one may have come or gone. */
  onChange(listener: () => void): () => void;
  /** Ends what the leader runs, and leads no more. */
  retire(): Promise<void>;
  /** Retires, then gives up its own lease. */
  close(): Promise<void>;
}

export interface MembershipDeps {
  readonly resources: Pick<Resources, 'find' | 'list' | 'create' | 'modify' | 'delete' | 'watch'>;
  /** Id of this controller. */
  readonly controller: string;
  /** Where the others reach it. */
  readonly address: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

const tickMs = 500;
const renewMs = 1_250;
const trustMs = 3_000;
/** The last renewal ended longer ago than this: the database does not answer (I5). */
const sightMs = 1_900;
/** What a controller left behind that never came back. */
const forgetMs = 3_600_000;
const elapsedMs = (): number => performance.now();

const isReason = (error: unknown, reason: string): boolean =>
  error instanceof ApiError && error.reason === reason;

class Leases implements Membership {
  readonly leadership: OwnLeadership;
  readonly #deps: MembershipDeps;
  readonly #awake = createAwakeClock(tickMs, elapsedMs, () => this.#sees());
  readonly #sightings = new Sightings(this.#awake);
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  /** When the renewals that succeeded last began; of the own lease, and of the leader's. */
  #ownMs = Number.NEGATIVE_INFINITY;
  #leadMs = Number.NEGATIVE_INFINITY;
  /** When that of the own lease last ended. */
  #seenMs = Number.NEGATIVE_INFINITY;
  #alive = '';
  #round: Promise<void> | undefined;
  #isTroubled = false;
  #isLeader = false;
  #competes = false;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
    this.leadership = new OwnLeadership(deps.log, () => elapsedMs() < this.#leadMs + trustMs); // I3
    const signal = this.#stop.signal;
    this.#following = followKind({ ...deps, signal }, leaseKind, ({ type, object }) => {
      if (object.metadata.namespace === leaseNamespace) this.#sightings.see(object, type !== 'DELETED');
      this.#tellChange();
    });
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** I5. */
  #sees(): boolean {
    return elapsedMs() < this.#seenMs + sightMs;
  }

  isAlive(controller: string): boolean {
    return controller === this.#deps.controller || this.#sightings.holds(leaseNameOf(controller));
  }

  addressOf(controller: string): string | undefined {
    const lease = this.isAlive(controller) ? this.#sightings.find(leaseNameOf(controller)) : undefined;
    return lease && addressOf(lease);
  }

  members(): readonly Member[] {
    const leader = this.#sightings.find(leaderLease);
    const leads = leader && this.#sightings.holds(leaderLease) ? holderOf(leader) : '';
    const alive = this.#sightings.names().filter((name) => this.#sightings.holds(name));
    return alive.sort().flatMap((name) => {
      const [controller, lease] = [controllerOf(name), this.#sightings.find(name)];
      if (controller === undefined || lease === undefined) return [];
      const [address = '', version] = [addressOf(lease), versionOf(lease)];
      return [{ controller, address, version, leads: controller === leads }];
    });
  }

  readonly gone = (controllers: Iterable<string>): readonly string[] =>
    this.#sees() ? [...new Set(controllers)].filter((one) => !this.isAlive(one)) : [];

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes the own lease known. */
  async begin(): Promise<void> {
    await this.#renewSoon();
  }

  async compete(): Promise<void> {
    this.#competes = true;
    await this.#renewSoon();
  }

  #tellChange(): void {
    const alive = this.#sightings.names().filter((name) => this.#sightings.holds(name));
    const now = alive.sort().join();
    if (now === this.#alive) return;
    this.#alive = now;
    for (const listener of this.#listeners) listener();
  }

  #tick(): void {
    this.#awake.tick();
    this.#tellChange();
    if (this.#isOut() && this.#isLeader) this.#lose('it could not be renewed in time');
    void this.#renewSoon();
  }

  #renewSoon(): Promise<void> {
    this.#round ??= this.#renew().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  #isOut(): boolean {
    return elapsedMs() >= this.#leadMs + trustMs;
  }

  /** One round: the own lease, then the leader's. Its failures are logged once, and tried again. */
  async #renew(): Promise<void> {
    try {
      if (elapsedMs() >= this.#ownMs + renewMs) await this.#renewOwn();
      if (this.#competes && elapsedMs() >= this.#leadMs + renewMs) await this.#lead();
      if (this.#isLeader) await this.#tidy();
      this.#isTroubled = false;
    } catch (err) {
      if (!this.#isTroubled && !this.#stop.signal.aborted)
        this.#deps.log.warn({ err }, 'cannot renew the leases of this controller: trying again');
      this.#isTroubled = true;
    }
  }

  async #renewOwn(): Promise<void> {
    this.#ownMs = await this.#hold(this.#own, () => true);
    // I5: the time up to now was not seen, if it was not.
    this.#awake.tick();
    const beforeMs = this.#seenMs;
    this.#seenMs = elapsedMs();
    if (this.#seenMs > beforeMs + durationMs) this.#sightings.forgive();
  }

  get #own(): KubeObject {
    return newLease(leaseNameOf(this.#deps.controller), this.#deps);
  }

  /** Resolves to when it began, or -Infinity: somebody else holds it. */
  async #hold(lease: KubeObject, mayTake: (now: KubeObject) => boolean): Promise<number> {
    const { resources, controller, clock } = this.#deps;
    const { name = '', annotations } = lease.metadata;
    const beganMs = elapsedMs();
    const change = (now: KubeObject): KubeObject | undefined => {
      if (!mayTake(now)) return undefined;
      const told = annotations && { metadata: { ...now.metadata, annotations } };
      return toHeld({ ...now, ...told }, controller, clock.nowMs());
    };
    const held =
      resources.find(leaseKind, leaseNamespace, name) === undefined
        ? await resources.create(leaseKind, leaseNamespace, toHeld(lease, controller, clock.nowMs()))
        : await resources.modify(leaseKind, leaseNamespace, name, change);
    return holderOf(held) === controller && mayTake(held) ? beganMs : Number.NEGATIVE_INFINITY;
  }

  /** I2. */
  readonly #mayLead = (now: KubeObject): boolean => {
    const holder = holderOf(now);
    return holder === this.#deps.controller || holder === '' || this.#sightings.hasRunOut(now);
  };

  async #lead(): Promise<void> {
    const current = this.#deps.resources.find(leaseKind, leaseNamespace, leaderLease);
    if (!this.#isLeader && current !== undefined && !this.#mayLead(current)) return;
    const beganMs = await this.#hold(newLease(leaderLease), this.#mayLead).catch((error: unknown) => {
      // Somebody else was faster.
      if (isReason(error, 'AlreadyExists') || isReason(error, 'Conflict')) return Number.NEGATIVE_INFINITY;
      throw error;
    });
    if (beganMs === Number.NEGATIVE_INFINITY) {
      if (this.#isLeader) this.#lose('another controller holds it');
      return;
    }
    this.#leadMs = beganMs;
    if (this.#isLeader || this.#isOut()) return;
    this.#isLeader = true;
    this.#deps.log.info({ controller: this.#deps.controller }, 'this controller leads');
    this.leadership.begin();
  }

  #lose(why: string): void {
    this.#isLeader = false;
    this.#leadMs = Number.NEGATIVE_INFINITY;
    this.#deps.log.warn({ why }, 'this controller leads no more');
    void this.leadership.end();
  }

  /** Leases of controllers that never came back. */
  async #tidy(): Promise<void> {
    for (const name of this.#sightings.names()) {
      if (controllerOf(name) === undefined || (this.#sightings.ageMs(name) ?? 0) < forgetMs) continue;
      await this.#remove(name);
    }
  }

  async #remove(name: string): Promise<void> {
    await this.#deps.resources.delete(leaseKind, leaseNamespace, name).catch((error: unknown) => {
      if (!isReason(error, 'NotFound')) throw error;
    });
  }

  async retire(): Promise<void> {
    this.#competes = false;
    await this.#round;
    await this.leadership.close();
    if (!this.#isLeader) return;
    this.#isLeader = false;
    const { resources, controller } = this.#deps;
    const release = (now: KubeObject) => (holderOf(now) === controller ? toReleased(now) : undefined);
    await this.#giveUp(resources.modify(leaseKind, leaseNamespace, leaderLease, release));
  }

  async #giveUp(giving: Promise<unknown>): Promise<void> {
    await giving.catch((err: unknown) =>
      this.#deps.log.warn(
        { err },
        'cannot give up a lease of this controller: others wait until it runs out',
      ),
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.retire();
    await this.#giveUp(this.#remove(leaseNameOf(this.#deps.controller)));
    this.#stop.abort();
    await this.#following;
  }
}

/** Of these leases one that is renewed, whoever holds it: it is seen to change. It takes as long as a lease holds to know that none is. */
const firstRenewed = async (
  resources: MembershipDeps['resources'],
  leases: readonly KubeObject[],
): Promise<KubeObject | undefined> => {
  const until = elapsedMs() + durationMs;
  const isRenewed = ({ metadata }: KubeObject): boolean => {
    const now = resources.find(leaseKind, leaseNamespace, metadata.name ?? '');
    return now !== undefined && now.metadata.resourceVersion !== metadata.resourceVersion;
  };
  while (leases.length > 0 && elapsedMs() < until) {
    const found = leases.find(isRenewed);
    if (found !== undefined) return found;
    await delay(tickMs / 5);
  }
  return undefined;
};

const refuseStart = (why: string): never => {
  throw new ApiError('ServiceUnavailable', `cannot start: ${why}`);
};

/** A copy of a data directory has the id of the original: two of one name would take each other's agents away. */
const refuseDouble = async ({ resources, controller, address }: MembershipDeps): Promise<void> => {
  const before = resources.find(leaseKind, leaseNamespace, leaseNameOf(controller));
  const other = before && addressOf(before);
  if (before === undefined || other === address) return;
  if ((await firstRenewed(resources, [before])) === undefined) return;
  refuseStart(
    `a controller with its id serves already, at ${other}; if this data directory is a copy, remove the file controller-id from it`,
  );
};

/** I4. */
const refuseFar = async ({ resources, version }: MembershipDeps): Promise<void> => {
  const leases = resources.list(leaseKind, { namespace: leaseNamespace }).items;
  const far = leases.filter((lease) => !mayWorkTogether(versionOf(lease) ?? version, version));
  const found = await firstRenewed(resources, far);
  if (found === undefined) return;
  refuseStart(
    `a controller of version ${versionOf(found)} serves at ${addressOf(found)}, and this is ${version}; controllers that work together are at most one version apart, so bring all of them to the version in between first, or have them stop`,
  );
};

/** Resolves when this controller is known to be there. @throws ApiError ServiceUnavailable: another one has its id, or is too many versions away. */
export const openMembership = async (deps: MembershipDeps): Promise<Membership> => {
  const { resources } = deps;
  if (resources.find(namespaceKind, '', leaseNamespace) === undefined)
    await resources.create(namespaceKind, '', { metadata: { name: leaseNamespace } }).catch((error) => {
      if (!isReason(error, 'AlreadyExists')) throw error;
    });
  await refuseDouble(deps);
  await refuseFar(deps);
  const leases = new Leases(deps);
  await leases.begin();
  return leases;
};
