// Owns the loop over all SSHEnrollments: who is worked on now, and what is written of it.
// I1: the status is what remains: a controller that is killed finds there what it was doing (plan.ts I2).
// I2: changes of hosts are written together with those that came while the last write was under way: however many hosts
//     go on at once, an object is written by one at a time.
// I3: a Secret that is to be deleted belongs to the object from the first look on, and goes when no host can need it.
import {
  ApiError,
  isEqualJson,
  type KubeObject,
  sshEnrollmentKind as kind,
  type SSHEnrollment,
  type SSHHost,
  type SSHHostStatus,
  secretKind,
  toSSHHosts,
} from '@drover/api';
import type { SshTrust } from '@drover/ssh';
import { entriesFor, parseKnownHosts } from '@drover/ssh/known-hosts';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import { createKeyedQueue, type KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { recordEvent } from '../events.ts';
import { adoptSecret, deleteSecret, loadCredentials } from './credentials.ts';
import { type IssueToken, workOnHost } from './host.ts';
import { deadlineMs, type HostStart, planStarts } from './plan.ts';
import { statusesOf, toFailed, toStatus } from './status.ts';

export interface SshEnrolmentDeps {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes a token for one server, and its line. */
  readonly issueToken: IssueToken;
}

export interface SshEnrolmentController {
  close(): Promise<void>;
}

type HostChange = Pick<SSHHostStatus, 'phase'> & Partial<SSHHostStatus>;

/** One object while its hosts are worked on. */
interface Active {
  readonly uid: string;
  readonly stop: AbortController;
  readonly running: Map<string, Promise<void>>;
  readonly changes: Map<string, SSHHostStatus>;
  writing: Promise<void>;
  next: Promise<void> | undefined;
}

const width = 8;
const longestTimerMs = 2 ** 31 - 1;

// Stored objects have been validated by the schema of their kind.
const asEnrolment = (object: KubeObject): SSHEnrollment => object as unknown as SSHEnrollment;
const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

const trustOf = ({ spec }: SSHEnrollment, { host }: SSHHost): SshTrust => ({
  known: parseKnownHosts((spec.knownHosts ?? []).join('\n')),
  fingerprints: (spec.hostKeys ?? []).filter((key) => key.host === host).map((key) => key.fingerprint),
});

const isTrusted = (enrolment: SSHEnrollment, host: SSHHost): boolean => {
  const { known, fingerprints } = trustOf(enrolment, host);
  return (
    fingerprints.length > 0 || entriesFor(known, host.address, host.port).some(({ marker }) => marker === '')
  );
};

class SshEnrolmentLoop implements SshEnrolmentController {
  readonly #deps: SshEnrolmentDeps;
  readonly #queue: KeyedQueue;
  readonly #stop = new AbortController();
  readonly #following: readonly Promise<void>[];
  readonly #active = new Map<string, Active>();

  constructor(deps: SshEnrolmentDeps) {
    this.#deps = deps;
    this.#queue = createKeyedQueue({
      step: (key) => this.#step(key),
      width,
      log: deps.log,
      onError: 'cannot carry on with an SSHEnrollment: trying again',
    });
    const follow = { ...deps, signal: this.#stop.signal };
    this.#following = [
      followKind(follow, kind, ({ object }) => this.#queue.add(keyOf(object))),
      followKind(follow, secretKind, ({ object: { metadata } }) => this.#wake(metadata)),
    ];
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const active = [...this.#active.values()];
    for (const { stop } of active) stop.abort();
    await Promise.all([...this.#following, this.#queue.close()]);
    await Promise.all(active.flatMap(({ running, writing }) => [...running.values(), writing]));
  }

  /** Those that wait for a Secret. */
  #wake({ namespace = '', name = '' }: KubeObject['metadata']): void {
    for (const object of this.#deps.resources.list(kind, { namespace }).items)
      if (asEnrolment(object).spec.credentials.secretName === name) this.#queue.add(keyOf(object));
  }

  #activeOf(key: string, uid: string): Active {
    const known = this.#active.get(key);
    if (known?.uid === uid) return known;
    known?.stop.abort();
    const active: Active = {
      uid,
      stop: new AbortController(),
      running: new Map(),
      changes: new Map(),
      writing: Promise.resolve(),
      next: undefined,
    };
    this.#active.set(key, active);
    return active;
  }

  async #step(key: string): Promise<void> {
    const { resources, clock } = this.#deps;
    const [namespace = '', name = ''] = key.split('/');
    const found = resources.find(kind, namespace, name);
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) {
      this.#active.get(key)?.stop.abort();
      this.#active.delete(key);
      return;
    }
    const enrolment = asEnrolment(found);
    const active = this.#activeOf(key, enrolment.metadata.uid ?? '');
    const leftMs = deadlineMs(enrolment) - clock.nowMs();
    if (enrolment.spec.credentials.deleteSecret) await adoptSecret(resources, enrolment);
    const hosts = toSSHHosts(enrolment.spec);
    if (leftMs <= 0) await this.#giveUp(key, active, enrolment);
    else if (this.#hasSecret(enrolment)) this.#startSome(key, active, enrolment, hosts);
    else this.#hold(active, enrolment, hosts);
    await this.#write(key, active);
    await this.#finish(key, leftMs);
  }

  #hasSecret({ metadata: { namespace = '' }, spec }: SSHEnrollment): boolean {
    return this.#deps.resources.find(secretKind, namespace, spec.credentials.secretName) !== undefined;
  }

  #startSome(key: string, active: Active, enrolment: SSHEnrollment, hosts: readonly SSHHost[]): void {
    const facts = {
      enrolment,
      hosts,
      statuses: new Map([...statusesOf(enrolment), ...active.changes]),
      running: new Set(active.running.keys()),
      isTrusted: (host: SSHHost) => isTrusted(enrolment, host),
      isOver: false,
    };
    for (const start of planStarts(facts)) {
      const work = this.#work(key, active, enrolment, start).finally(() => {
        active.running.delete(start.host.host);
        this.#queue.add(key);
      });
      active.running.set(start.host.host, work);
    }
  }

  /** Never rejects: what goes wrong is in the status. */
  async #work(key: string, active: Active, enrolment: SSHEnrollment, start: HostStart): Promise<void> {
    const { resources, issueToken, log } = this.#deps;
    const { signal } = active.stop;
    const report = (change: HostChange): Promise<void> => this.#report(key, active, start, change);
    // The host counts as running before anything of it is awaited.
    await Promise.resolve();
    try {
      const credentials = loadCredentials(resources, enrolment);
      if (credentials === undefined) throw new Error(this.#held(enrolment));
      const trust = trustOf(enrolment, start.host);
      await workOnHost({ resources, issueToken, enrolment, start, credentials, trust, signal, report });
    } catch (error) {
      if (signal.aborted) return; // I1: what was begun is found again, or nobody wants it any more.
      const failed = toFailed(error);
      log.info({ enrolment: key, host: start.host.host, phase: failed.phase }, failed.message ?? '');
      await this.#tell(enrolment, failed.phase, `${start.host.host}: ${failed.message}`);
      await report(failed).catch((cause: unknown) =>
        log.warn({ enrolment: key, err: cause }, 'cannot write what became of a host'),
      );
    }
  }

  #held({ spec }: SSHEnrollment): string {
    return `waits for Secret ${spec.credentials.secretName}: it is not there`;
  }

  /** Hosts that nobody has begun say what they wait for. */
  #hold(active: Active, enrolment: SSHEnrollment, hosts: readonly SSHHost[]): void {
    const message = this.#held(enrolment);
    const before = statusesOf(enrolment);
    const since = toTimestamp(this.#deps.clock.nowMs());
    for (const { host } of hosts) {
      const { phase = 'Pending', message: told } = before.get(host) ?? {};
      if (phase === 'Pending' && told !== message)
        active.changes.set(host, { host, attempt: 1, since, phase, message });
    }
  }

  #report(
    key: string,
    active: Active,
    { host: { host }, attempt }: HostStart,
    change: HostChange,
  ): Promise<void> {
    const since = toTimestamp(this.#deps.clock.nowMs());
    active.changes.set(host, { host, attempt, since, ...change });
    return this.#write(key, active);
  }

  /** I2. Resolves when all that is known now is durable. */
  #write(key: string, active: Active): Promise<void> {
    active.next ??= active.writing
      .catch(() => undefined)
      .then(() => {
        active.next = undefined;
        active.writing = this.#writeNow(key, active);
        return active.writing;
      });
    return active.next;
  }

  async #writeNow(key: string, active: Active): Promise<void> {
    const { resources, clock } = this.#deps;
    const [namespace = '', name = ''] = key.split('/');
    const now = toTimestamp(clock.nowMs());
    const taken = new Map(active.changes);
    const change = (object: KubeObject): KubeObject | undefined => {
      const enrolment = asEnrolment(object);
      if (object.metadata.uid !== active.uid) return undefined;
      const status = toStatus(enrolment, toSSHHosts(enrolment.spec), taken, now);
      return isEqualJson(status, enrolment.status) ? undefined : { ...object, status };
    };
    await resources
      .modify(kind, namespace, name, change, { subresource: 'status' })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
      });
    for (const [host, status] of taken) if (active.changes.get(host) === status) active.changes.delete(host);
  }

  /** Nothing more is tried: what has not ended has failed. */
  async #giveUp(key: string, active: Active, enrolment: SSHEnrollment): Promise<void> {
    active.stop.abort();
    await Promise.all(active.running.values());
    const before = statusesOf(enrolment);
    const since = toTimestamp(this.#deps.clock.nowMs());
    for (const { host } of toSSHHosts(enrolment.spec)) {
      const {
        phase = 'Pending',
        attempt = 1,
        hostKey,
      } = { ...before.get(host), ...active.changes.get(host) };
      if (phase === 'Ready' || phase === 'Failed') continue;
      const message = `cannot go on: the time of the enrolment is up; it was ${phase}`;
      const shown = hostKey === undefined ? {} : { hostKey };
      active.changes.set(host, {
        ...{ host, attempt, since, phase: 'Failed', message, remedy: 'make another SSHEnrollment' },
        ...shown,
      });
    }
    await this.#write(key, active);
  }

  /** I3, and the end of the object's own life. */
  async #finish(key: string, leftMs: number): Promise<void> {
    const { resources, clock } = this.#deps;
    const [namespace = '', name = ''] = key.split('/');
    const found = resources.find(kind, namespace, name);
    if (found === undefined) return;
    const enrolment = asEnrolment(found);
    const { status, spec, metadata } = enrolment;
    const isDone = status?.phase === 'Succeeded' || leftMs <= 0;
    if (isDone && spec.credentials.deleteSecret) await deleteSecret(resources, enrolment);
    if (!isDone) this.#queue.add(key, Math.min(leftMs + 1, longestTimerMs));
    const endedMs = Date.parse(status?.completionTime ?? '');
    const ttl = spec.ttlSecondsAfterFinished;
    if (!isDone || ttl === undefined || Number.isNaN(endedMs)) return;
    const keepMs = endedMs + ttl * 1000 - clock.nowMs();
    if (keepMs > 0) return this.#queue.add(key, Math.min(keepMs, longestTimerMs));
    const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
    await resources.delete(kind, namespace, name, { preconditions });
  }

  #tell(enrolment: SSHEnrollment, phase: string, message: string): Promise<void> {
    const object = enrolment as unknown as KubeObject;
    const reason = phase === 'HostKeyUnknown' ? 'HostKeyUnknown' : 'JoinFailed';
    return recordEvent(this.#deps, {
      object,
      type: 'Warning',
      reason,
      message,
      component: 'ssh-enrolment-controller',
    });
  }
}

/** Works on all SSHEnrollments until closed; what was under way before a restart is taken up again. */
export const runSshEnrolmentController = (deps: SshEnrolmentDeps): SshEnrolmentController =>
  new SshEnrolmentLoop(deps);
