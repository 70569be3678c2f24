// Owns what is remembered of the backups by the clock: one value in the rows of the controller.
// I1: it is of one directory and one schedule: with another directory the files of the former are nobody's, and with
//     another schedule nothing is due that was not due by the former.
// I2: a change is made to what is there: what another controller has written meanwhile is kept, also by one that led, slept, and goes
//     on where it was.
// I3: what could not be written is not forgotten: it is written with the next change.
import type { BackupFile, BackupSchedule } from '@drover/api';
import { lastTime, nextTimes } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Store } from '../store.ts';

export interface RoutineState {
  readonly directory: string;
  readonly schedule: string;
  readonly timeZone: string;
  /** All that was due until then has been made. */
  readonly settledMs: number;
  /** Ours in the directory, newest first. */
  readonly files: readonly BackupFile[];
  /** What is being written begins with this name; after a crash it is taken away. */
  readonly writing?: string | undefined;
  readonly lastSuccess?: BackupSchedule['lastSuccess'];
  readonly lastFailure?: BackupSchedule['lastFailure'];
}

export interface Times {
  readonly directory: string;
  readonly schedule: string;
  readonly timeZone: string;
}

const metaKey = 'backup/routine';
/** After a failure, such as a full disk or a share that is away. */
export const retryMs = 600_000;

/** I1. */
const parseState = (text: string | undefined, times: Times, nowMs: number): RoutineState => {
  const fresh: RoutineState = { ...times, settledMs: nowMs, files: [] };
  if (text === undefined) return fresh;
  // Written by RoutineAccount.
  const known = JSON.parse(text) as RoutineState;
  const { directory, schedule, timeZone } = times;
  const isSameTime = known.schedule === schedule && known.timeZone === timeZone;
  const settledMs = isSameTime ? known.settledMs : nowMs;
  if (known.directory === directory) return { ...known, ...times, settledMs };
  return { ...fresh, settledMs, lastSuccess: known.lastSuccess, lastFailure: known.lastFailure };
};

type Change = (state: RoutineState) => RoutineState;

/** The account of the backups, as it was last seen. */
export class RoutineAccount {
  readonly #meta: Store['meta'];
  readonly #times: Times;
  readonly #clock: Clock;
  #text: string | undefined;
  #state: RoutineState;
  /** I3. */
  #unwritten: Change[] = [];

  private constructor(meta: Store['meta'], times: Times, clock: Clock) {
    this.#meta = meta;
    this.#times = times;
    this.#clock = clock;
    this.#state = parseState(undefined, times, clock.nowMs());
  }

  static async open(meta: Store['meta'], times: Times, clock: Clock): Promise<RoutineAccount> {
    const account = new RoutineAccount(meta, times, clock);
    await account.load();
    return account;
  }

  get state(): RoutineState {
    return this.#state;
  }

  async load(): Promise<void> {
    this.#text = await this.#meta.get(metaKey);
    const stored = parseState(this.#text, this.#times, this.#clock.nowMs());
    this.#state = this.#unwritten.reduce((state, change) => change(state), stored);
  }

  /** `toNext` may be asked again (I2), and gives the same then, whether what it did is there already or not. */
  async change(toNext: Change): Promise<void> {
    this.#unwritten.push(toNext);
    this.#state = toNext(this.#state);
    await this.save();
  }

  async save(): Promise<void> {
    while (!(await this.#write())) await this.load();
    this.#unwritten = [];
  }

  async #write(): Promise<boolean> {
    const text = JSON.stringify(this.#state);
    const isWritten = await this.#meta.replace(metaKey, this.#text, text);
    if (isWritten) this.#text = text;
    return isWritten;
  }
}

export interface MadeBackup {
  readonly file: BackupFile;
  readonly seconds: number;
  /** When it began: what was due until then is settled. */
  readonly startedMs: number;
  /** Under which name it was written. */
  readonly writing: string;
}

/** Another controller may have made some meanwhile. */
export const withMade = (state: RoutineState, made: MadeBackup, nowMs: number): RoutineState => {
  const { file, seconds, startedMs, writing } = made;
  const others = state.files.filter(({ name }) => name !== file.name);
  const files = [file, ...others].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  return {
    ...state,
    files,
    // A clock that was ahead once must not put backups off.
    settledMs: Math.max(startedMs, Math.min(state.settledMs, nowMs)),
    writing: state.writing === writing ? undefined : state.writing,
    lastSuccess: files[0] === file ? { ...file, seconds } : state.lastSuccess,
  };
};

/** When the next is to be made; not after `nowMs`: now. */
export const nextMs = (state: RoutineState, nowMs: number): number => {
  const { schedule, timeZone, settledMs, lastFailure } = state;
  const due = lastTime(schedule, timeZone, nowMs);
  if (due === undefined || due <= settledMs)
    return nextTimes(schedule, timeZone, nowMs, 1)[0] ?? Number.POSITIVE_INFINITY;
  const failedMs = lastFailure === undefined ? 0 : Date.parse(lastFailure.at);
  return failedMs >= due ? failedMs + retryMs : due;
};
