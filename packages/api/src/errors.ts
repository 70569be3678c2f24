// Owns the one error type of Drover and the closed list of its reasons.
// I1: an ApiError always has an HTTP code, a reason from the list and a message "cannot X: why".
// I2: what leaves the process is `toStatus(error)`, a Kubernetes meta/v1 Status.

/** Reason words: Kubernetes' own (apimachinery StatusReason), with the HTTP code each carries. */
export const reasonCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  RangeNotSatisfiable: 416,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  InsufficientStorage: 507,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type Reason = keyof typeof reasonCodes;

/** One cause of a refusal: `field` is a path such as `spec.targets.nodeSet`. */
export interface Cause {
  /** Absent for what a policy refuses, as in Kubernetes. */
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

export interface ErrorDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** meta/v1 Status as sent on the wire. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: ErrorDetails;
  readonly code: number;
}

export class ApiError extends Error {
  readonly reason: Reason;
  readonly code: number;
  readonly details: ErrorDetails | undefined;

  constructor(reason: Reason, message: string, details?: ErrorDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.reason = reason;
    this.code = reasonCodes[reason];
    this.details = details;
  }
}

/** Any thrown value as the Status that a client sees. Unknown errors tell no internals. */
export const toStatus = (error: unknown): Status => {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError('InternalError', 'cannot answer: internal error (see the log)');
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: known.message,
    reason: known.reason,
    ...(known.details ? { details: known.details } : {}),
    code: known.code,
  };
};
