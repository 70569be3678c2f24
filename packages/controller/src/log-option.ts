// Owns how a start says what is logged, and how much of it is kept.
import { parseWhole } from './whole-option.ts';

export const logUsage = `  --log-level LEVEL   debug, info, warn or error (default info; the log is <data-dir>/controller.log)
  --log-mb N          size at which controller.log becomes controller.log.1 and a new one is begun (default 32)
  --log-files N       how many earlier files are kept (default 4)`;

export const logFlags = {
  'log-level': { type: 'string', default: 'info' },
  'log-mb': { type: 'string', default: '32' },
  'log-files': { type: 'string', default: '4' },
} as const;

export interface LogPlan {
  readonly level: string;
  readonly fileBytes: number;
  readonly files: number;
}

/** @throws ApiError BadRequest naming the option. */
export const takeLogPlan = (values: Readonly<Record<keyof typeof logFlags, string>>): LogPlan => ({
  level: values['log-level'],
  fileBytes: parseWhole(values['log-mb'], 'log-mb', 1, 65_536) * 1024 * 1024,
  files: parseWhole(values['log-files'], 'log-files', 1, 999),
});
