// Owns how the command line fails: one line "cannot X: why", a remedy, and the exit code.
// I1: exit codes are 0 all ok, 1 something failed, 2 wrong usage, 3 controller not reachable.
// I2: nobody ever sees a stack trace; what is unknown is shown as its message.
import { ApiError } from '@drover/api/errors';
import { isUnreachable } from '@drover/client';

export const exitCodes = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly remedy: string;

  constructor(message: string, options: { exitCode?: ExitCode; remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.exitCode = options.exitCode ?? exitCodes.failed;
    this.remedy = options.remedy ?? '';
  }
}

/** The caller wrote something that cannot be meant; exit code 2. */
export const usageFailure = (message: string, remedy = ''): Failure =>
  new Failure(message, { exitCode: exitCodes.usage, remedy });

const remedyOf = (error: ApiError): string => {
  if (isUnreachable(error))
    return /certificate|hostname/i.test(error.message)
      ? "if the controller was set up anew, sign in again with 'drover login'"
      : "check that the controller runs, and the address with 'drover context show'";
  if (error.reason === 'Unauthorized')
    return "sign in with 'drover login ADDRESS --token TOKEN --ca-pin SHA256'";
  return error.reason === 'Forbidden' ? 'ask an administrator for the permission' : '';
};

const causesOf = (error: ApiError): string[] =>
  (error.details?.causes ?? [])
    .filter((cause) => !error.message.includes(cause.message))
    .map((cause) => `  ${cause.field ?? ''}: ${cause.message}`);

/** What to print for a thrown value, and the exit code to end with. */
export const toOutcome = (
  error: unknown,
): { readonly lines: readonly string[]; readonly exitCode: ExitCode } => {
  if (error instanceof Failure)
    return {
      lines: [error.message, ...(error.remedy === '' ? [] : [`  ${error.remedy}`])],
      exitCode: error.exitCode,
    };
  if (error instanceof ApiError) {
    const remedy = remedyOf(error);
    return {
      lines: [error.message, ...causesOf(error), ...(remedy === '' ? [] : [`  ${remedy}`])],
      exitCode: isUnreachable(error) ? exitCodes.unreachable : exitCodes.failed,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { lines: [`cannot finish: ${message.split('\n')[0] ?? ''}`], exitCode: exitCodes.failed };
};
