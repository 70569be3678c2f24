// Owns the way of a server into the fleet: request → approval (by policy or by a person) → node and certificate.
// I1: an approval by policy is written only after the token's use is counted (claims.ts).
// I2: a certificate is written only into a request that is approved.
// I3: what ended, and what waits for a person, is cleaned up as long after the request was made as the RetentionPolicy says.
import {
  ApiError,
  annotation,
  certificateSigningRequestKind,
  clientSigner,
  enrollmentTokenKind,
  type KubeObject,
  nodeOfCommonName,
  nodeSigner,
  retentionIn,
  type TokenProblem,
  tokenOfUsername,
  tokenProblemWords,
} from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import { createKeyedQueue, type KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { type Happening, recordEvent } from '../events.ts';
import { asRequest, type Claims, createClaims } from './claims.ts';
import { issue, type Revoker, requestPem, type Signer } from './issue.ts';
import { type Decision, decideRequest, policyReason, problemReason } from './plan.ts';
import { runTokenLoop, type TokenLoop } from './tokens.ts';

export interface EnrolmentDeps {
  readonly resources: Resources;
  readonly signer: Signer;
  readonly credentials: Revoker;
  readonly clock: Clock;
  readonly log: Log;
  /** Life of a node's certificate; a request may ask for less. Default 90 days. */
  readonly lifetimeMs?: number;
}

export interface EnrolmentController {
  close(): Promise<void>;
}

const defaultLifetimeMs = 90 * 86_400_000;
const hourMs = 3_600_000;
const sweepEveryMs = 60_000;
const width = 16;

type Condition = { readonly type: string; readonly reason: string; readonly message: string };

const withCondition = (object: KubeObject, wanted: Condition, now: string): KubeObject => {
  const { status = {} } = asRequest(object);
  const others = (status.conditions ?? []).filter((c) => c.type !== wanted.type);
  const condition = { ...wanted, status: 'True', lastUpdateTime: now, lastTransitionTime: now };
  return { ...object, status: { ...status, conditions: [...others, condition] } };
};

const has = (object: KubeObject, type: string): boolean =>
  (asRequest(object).status?.conditions ?? []).some((c) => c.type === type);

const isGone = (error: unknown): boolean => error instanceof ApiError && error.reason === 'NotFound';

class Enrolment implements EnrolmentController {
  readonly #deps: EnrolmentDeps;
  readonly #claims: Claims;
  readonly #queue: KeyedQueue;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #tokens: TokenLoop;
  readonly #sweep: NodeJS.Timeout;
  #sweeping: Promise<void> = Promise.resolve();
  /** Uid and what was told of it, so that a thing is told once however often we look. */
  readonly #told = new Map<string, string>();

  constructor(deps: EnrolmentDeps) {
    this.#deps = deps;
    this.#claims = createClaims(deps);
    this.#tokens = runTokenLoop(deps);
    this.#queue = createKeyedQueue({
      step: (name) => this.#step(name),
      width,
      log: deps.log,
      onError: 'cannot carry on with a certificate request: trying again',
    });
    const follow = { ...deps, signal: this.#stop.signal };
    this.#following = followKind(follow, certificateSigningRequestKind, ({ type, object }) => {
      if (type === 'DELETED') this.#told.delete(object.metadata.uid ?? '');
      else this.#queue.add(object.metadata.name ?? '');
    });
    this.#sweep = setInterval(() => {
      this.#sweeping = this.#sweeping.then(() => this.#cleanUp());
    }, sweepEveryMs);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#sweep);
    await Promise.all([this.#following, this.#queue.close(), this.#tokens.close(), this.#sweeping]);
  }

  async #step(name: string): Promise<void> {
    const { resources } = this.#deps;
    const object = resources.find(certificateSigningRequestKind, '', name);
    if (object === undefined || asRequest(object).spec.signerName !== nodeSigner) return;
    const token = tokenOfUsername(asRequest(object).spec.username ?? '');
    const tokenObject = token === undefined ? undefined : resources.find(enrollmentTokenKind, '', token);
    const node = object.metadata.annotations?.[annotation.node] ?? '';
    await this.#act(object, decideRequest(object, tokenObject, node)).catch((error: unknown) => {
      // Gone while we worked on it: nothing is left to do. A token that is gone is seen at the next look.
      const isLeft = resources.find(certificateSigningRequestKind, '', name) !== undefined;
      if (isLeft || !isGone(error)) throw error;
    });
  }

  async #act(object: KubeObject, decision: Decision): Promise<void> {
    const node = object.metadata.annotations?.[annotation.node] ?? '';
    const fingerprint = object.metadata.annotations?.[annotation.keyFingerprint] ?? '';
    switch (decision.kind) {
      case 'none':
        return;
      case 'wait': {
        const what = `a server asks to join as node ${node}, key ${fingerprint} (${decision.message})`;
        return this.#tell(object, 'Normal', 'ApprovalNeeded', `${what}; approve or deny it`);
      }
      case 'denied': {
        const why = decision.message === '' ? decision.reason : decision.message;
        return this.#tell(object, 'Warning', 'EnrolmentDenied', `node ${node} may not join: ${why}`);
      }
      case 'approve':
        return this.#approve(object, decision.token);
      case 'issue':
        return this.#issue(object, decision);
      default:
        return decision satisfies never;
    }
  }

  /** I1. What follows is led on by the change of the request itself. */
  async #approve(object: KubeObject, token: string): Promise<void> {
    const problem = await this.#claims.claim(token, object, 'policy');
    const condition: Condition =
      problem === undefined
        ? { type: 'Approved', reason: policyReason, message: `enrolment token ${token}` }
        : this.#problem('Denied', token, problem);
    await this.#condition(object, condition, 'approval');
  }

  #problem(type: 'Denied' | 'Failed', token: string, problem: TokenProblem): Condition {
    const message = `enrolment token ${token} ${tokenProblemWords[problem]}`;
    return { type, reason: problemReason[problem], message };
  }

  async #condition(
    object: KubeObject,
    condition: Condition,
    subresource: 'approval' | 'status',
  ): Promise<void> {
    const { resources, clock } = this.#deps;
    const change = (now: KubeObject): KubeObject | undefined => {
      const isDecided = has(now, 'Approved') || has(now, 'Denied');
      if (now.metadata.uid !== object.metadata.uid || has(now, 'Failed')) return undefined;
      if (subresource === 'approval' && isDecided) return undefined;
      return withCondition(now, condition, toTimestamp(clock.nowMs()));
    };
    const name = object.metadata.name ?? '';
    await resources.modify(certificateSigningRequestKind, '', name, change, { subresource });
  }

  async #issue(object: KubeObject, decision: Extract<Decision, { kind: 'issue' }>): Promise<void> {
    const { token, by } = decision;
    const problem = token === undefined ? undefined : await this.#claims.claim(token, object, by);
    if (token !== undefined && problem !== undefined)
      return this.#fail(object, this.#problem('Failed', token, problem));
    const { signer, clock, lifetimeMs = defaultLifetimeMs } = this.#deps;
    const request = await signer.readRequest(requestPem(object)).catch((error: unknown) => {
      if (error instanceof ApiError) return error;
      throw error;
    });
    if (request instanceof ApiError) {
      return this.#fail(object, { type: 'Failed', reason: 'RequestInvalid', message: request.message });
    }
    const nodeName = nodeOfCommonName(request.commonName);
    if (nodeName === undefined || !request.verified) {
      const message = 'the request is not one for a node, signed by its own key';
      return this.#fail(object, { type: 'Failed', reason: 'RequestInvalid', message });
    }
    const wishedMs = (asRequest(object).spec.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    const issued = await issue(
      { ...this.#deps, nowMs: clock.nowMs() },
      {
        request: object,
        nodeName,
        fingerprint: request.fingerprint,
        token,
        lifetimeMs: Math.min(lifetimeMs, wishedMs),
      },
    );
    if (issued.kind === 'refused') {
      return this.#fail(object, { type: 'Failed', reason: 'NameTaken', message: issued.message });
    }
    await this.#deliver(object, issued.certPem);
    const how = issued.isNew ? 'enrolled' : 'enrolled again';
    const by2 = token === undefined ? '' : ` with token ${token}`;
    const former = issued.isNew ? '' : '; its old certificates are revoked';
    await recordEvent(this.#deps, {
      object: issued.node,
      type: 'Normal',
      reason: 'Enrolled',
      message: `${how}${by2}, key ${request.fingerprint}${former}`,
      component: 'enrolment-controller',
    });
  }

  /** I2. */
  async #deliver(object: KubeObject, certPem: string): Promise<void> {
    const certificate = Buffer.from(certPem, 'latin1').toString('base64');
    const name = object.metadata.name ?? '';
    const change = (now: KubeObject): KubeObject | undefined =>
      now.metadata.uid === object.metadata.uid && has(now, 'Approved')
        ? { ...now, status: { ...asRequest(now).status, certificate } }
        : undefined;
    await this.#deps.resources.modify(certificateSigningRequestKind, '', name, change, {
      subresource: 'status',
    });
  }

  async #fail(object: KubeObject, condition: Condition): Promise<void> {
    await this.#condition(object, condition, 'status');
    await this.#tell(object, 'Warning', 'EnrolmentFailed', condition.message);
  }

  async #tell(object: KubeObject, type: Happening['type'], reason: string, message: string): Promise<void> {
    const uid = object.metadata.uid ?? '';
    if (this.#told.get(uid) === message) return;
    this.#told.set(uid, message);
    this.#deps.log.info({ request: object.metadata.name, reason }, message);
    await recordEvent(this.#deps, { object, type, reason, message, component: 'enrolment-controller' });
  }

  /** I3. */
  async #cleanUp(): Promise<void> {
    const { resources, clock, log } = this.#deps;
    const { keepHours, waitHours } = retentionIn(resources).certificateRequests;
    for (const object of resources.list(certificateSigningRequestKind).items) {
      const { name = '', creationTimestamp } = object.metadata;
      const { status, spec } = asRequest(object);
      if (spec.signerName !== nodeSigner && spec.signerName !== clientSigner) continue;
      const isEnded = status?.certificate !== undefined || has(object, 'Denied') || has(object, 'Failed');
      const ageMs = clock.nowMs() - Date.parse(creationTimestamp ?? '');
      if (!(ageMs > (isEnded ? keepHours : waitHours) * hourMs)) continue;
      await resources.delete(certificateSigningRequestKind, '', name).catch((error: unknown) => {
        if (!isGone(error)) log.warn({ name, err: error }, 'cannot remove an old certificate request');
      });
    }
  }
}

/** Works on requests and tokens until closed; what was under way before a restart is taken up again. */
export const runEnrolmentController = (deps: EnrolmentDeps): EnrolmentController => new Enrolment(deps);
