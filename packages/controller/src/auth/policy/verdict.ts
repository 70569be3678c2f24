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

const failureKey = 'validation.policy.admission.k8s.io/validation_failure';
const reasons: readonly Reason[] = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

const wordsOf = ({ policy, binding, message }: Denial): string => {
  const who = binding === undefined ? '' : ` with binding '${binding}'`;
  return `ValidatingAdmissionPolicy '${policy}'${who} denied request: ${message}`;
};

export class Verdict {
  readonly #warn: (message: string) => void;
  readonly #denials: Denial[] = [];
  readonly #failures: object[] = [];
  /** By key: values of several bindings and params, each once. */
  readonly #annotations = new Map<string, Set<string>>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  deny(denial: Denial): void {
    this.#denials.push(denial);
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
          this.#denials.push({ policy, binding, message, ...(reason === undefined ? {} : { reason }) });
          break;
        case 'Warn':
          this.#warn(
            `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`,
          );
          break;
        case 'Audit':
          this.#failures.push({
            message,
            policy,
            binding,
            expressionIndex: index,
            validationActions: spec.validationActions,
          });
          break;
      }
  }

  get note(): PolicyNote {
    const [first] = this.#denials;
    const annotations = Object.fromEntries(
      [...this.#annotations].map(([key, values]) => [key, [...values].sort().join(', ')]),
    );
    if (this.#failures.length > 0) annotations[failureKey] = JSON.stringify(this.#failures);
    return { annotations, ...(first === undefined ? {} : { denial: wordsOf(first) }) };
  }

  /** The refusal of `subject`, `configmaps "x"`; undefined when nothing is refused. Of several the first is told. */
  refusal(subject: string, details: { name: string; group: string; kind: string }): ApiError | undefined {
    const [first] = this.#denials;
    if (first === undefined) return undefined;
    const message = wordsOf(first);
    const reason = reasons.find((one) => one === first.reason) ?? 'Invalid';
    return new ApiError(reason, `${subject} is forbidden: ${message}`, { ...details, causes: [{ message }] });
  }
}
