// Owns what comes of what policies say of one request: refused in which words, warned of what, noted where.
import { ApiError, type Reason } from '@drover/api';
import type { Failure } from '@drover/api/policy';
import type { BoundPolicy } from './policies.ts';

type Binding = BoundPolicy['bindings'][number];

export interface Denial {
  readonly policy: string;
  /** Absent when the policy itself cannot be asked. */
  readonly binding?: string;
  readonly message: string;
  readonly reason?: string;
}

/** What stands in the row of the request in the audit trail. */
export interface PolicyNote {
  readonly annotations: Readonly<Record<string, string>>;
  /** Why it was refused. */
  readonly denial?: string;
}

/** With many params a policy may say much: beyond this it is not kept. */
const maxFailures = 50;
const maxAnnotationLength = 10 * 1024;
const failureKey = 'validation.policy.admission.k8s.io/validation_failure';
const reasons: readonly Reason[] = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

const wordsOf = ({ policy, binding, message }: Denial): string => {
  const who = binding === undefined ? '' : ` with binding '${binding}'`;
  return `ValidatingAdmissionPolicy '${policy}'${who} denied request: ${message}`;
};

export class Verdict {
  readonly #warn: (message: string) => void;
  /** The first: of several it is told. */
  #denial: Denial | undefined;
  readonly #failures: object[] = [];
  /** By key: values of several bindings and params, each once. */
  readonly #annotations = new Map<string, Set<string>>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  deny(denial: Denial): void {
    this.#denial ??= denial;
  }

  annotate(policy: string, key: string, value: string): void {
    const full = `${policy}/${key}`;
    this.#annotations.set(full, (this.#annotations.get(full) ?? new Set()).add(value));
  }

  /** What the actions of the binding make of it. */
  fail(policy: string, { metadata, spec }: Binding, { index, message, reason }: Failure): void {
    const binding = metadata.name ?? '';
    for (const action of spec.validationActions ?? [])
      switch (action) {
        case 'Deny':
          this.deny({ policy, binding, message, ...(reason === undefined ? {} : { reason }) });
          break;
        case 'Warn':
          this.#warn(
            `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`,
          );
          break;
        case 'Audit':
          this.#note({
            message,
            policy,
            binding,
            expressionIndex: index,
            validationActions: spec.validationActions,
          });
          break;
      }
  }

  #note(failure: object): void {
    if (this.#failures.length < maxFailures) this.#failures.push(failure);
  }

  get note(): PolicyNote {
    const denial = this.#denial;
    const annotations = Object.fromEntries(
      [...this.#annotations].map(([key, values]) => [
        key,
        [...values].sort().join(', ').slice(0, maxAnnotationLength),
      ]),
    );
    if (this.#failures.length > 0) annotations[failureKey] = JSON.stringify(this.#failures);
    return { annotations, ...(denial === undefined ? {} : { denial: wordsOf(denial) }) };
  }

  /** The refusal of `subject`, `configmaps "x"`; undefined when nothing is refused. */
  refusal(subject: string, details: { name: string; group: string; kind: string }): ApiError | undefined {
    const denial = this.#denial;
    if (denial === undefined) return undefined;
    const message = wordsOf(denial);
    const reason = reasons.find((one) => one === denial.reason) ?? 'Invalid';
    return new ApiError(reason, `${subject} is forbidden: ${message}`, { ...details, causes: [{ message }] });
  }
}
