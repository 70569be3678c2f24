// Owns standing by a run or transfer until it is final: live line, output, Ctrl-C, closing report, exit code.
// I1: leaving never harms the work: only an explicit cancel does.
// I2: every node that did not end well is named at the end, with its word; nodes without a result as silent.
import type { Client, LogChunk, Work, WorkReference } from '@drover/client';
import { type ExitCode, exitCodes } from '../failure.ts';
import { createProgressLine, type ProgressLine } from '../output/progress-line.ts';
import { toElapsed } from '../output/units.ts';
import type { Session } from '../session.ts';
import { toCutNote } from './cut.ts';
import { followWork } from './follow.ts';
import { onInterrupts } from './interrupt.ts';
import { isLive, isOver, type WorkPlural, workKinds } from './rows.ts';
import { createTally, type Tally, toEndings, toSummary } from './tally.ts';

export interface Attend {
  readonly session: Session;
  readonly client: Client;
  readonly plural: WorkPlural;
  readonly namespace: string;
  readonly name: string;
  /** No live line and no closing report. */
  readonly quiet: boolean;
  readonly onOutput?: (entry: LogChunk, line: ProgressLine) => void;
  /** Text that stands in the live line behind the counts. */
  readonly extra?: (tally: Tally) => string;
}

export interface Attended {
  readonly work: Work;
  readonly tally: Tally;
  readonly exitCode: ExitCode;
  /** Somebody left before the end. */
  readonly left: boolean;
}

const noun = (plural: WorkPlural): string => (plural === 'commandruns' ? 'runs' : 'transfers');

/** Why it waits for people or times; '': it does not. */
const waitOf = (work: Work | undefined): string => {
  const { phase, message = '' } = work?.status ?? {};
  return phase === 'Paused' || phase === 'Pending' ? message : '';
};

const liveText = (tally: Tally, work: Work | undefined, sinceMs: number, extra: string): string => {
  const { ok, failed, running } = tally.counts();
  const total = work?.status?.counts?.total ?? tally.counts().total;
  const wait = waitOf(work);
  return [
    `${ok + failed}/${total} done`,
    ...(failed > 0 ? [`${failed} not ok`] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(extra === '' ? [] : [extra]),
    ...(wait === '' ? [] : [wait]),
    ...(work?.spec.cancel === true ? ['cancelling'] : []),
    toElapsed((performance.now() - sinceMs) / 1000),
  ].join(' · ');
};

export const cancelWork = (client: Client, { kind, name, namespace }: WorkReference): Promise<Work> =>
  client.patch(kind, name, { type: 'merge', body: { spec: { cancel: true } } }, { namespace });

const survivorsOf = (tally: Tally): number =>
  tally.tasks().reduce((sum, task) => sum + (task.result?.survivors ?? 0), 0);

/** Lines of the closing report: why nothing began, who did not end well, what was cut, then the counts. */
const reportLines = (session: Session, work: Work, tally: Tally, sinceMs: number): string[] => {
  const { paint } = session.err;
  const bad = toEndings(tally.tasks()).filter((ending) => !ending.isSuccess);
  const silent = tally.tasks().filter((task) => isLive(task.state)).length;
  const survivors = survivorsOf(tally);
  const cut = toCutNote(tally.tasks());
  const why = tally.tasks().length === 0 ? (work.status?.message ?? '') : '';
  const summary = `${toSummary(work)} in ${toElapsed((performance.now() - sinceMs) / 1000)}`;
  return [
    ...(why === '' ? [] : [paint('red', why)]),
    ...bad.map(
      (ending) => `${paint('bold', ending.nodeSet)} (${ending.count}): ${paint('red', ending.words)}`,
    ),
    ...(silent > 0 ? [`${silent} node(s) silent`] : []),
    ...(survivors > 0 ? [paint('red', `${survivors} process(es) survived being killed`)] : []),
    ...(cut === undefined ? [] : [paint('yellow', cut)]),
    `${paint(bad.length === 0 && why === '' ? 'green' : 'red', summary)}  ${paint('dim', work.metadata.name ?? '')}`,
  ];
};

interface Watchers {
  readonly tally: Tally;
  readonly state: { work: Work | undefined; left: boolean };
  readonly abort: AbortController;
}

const watchInterrupts = (attend: Attend, watchers: Watchers, line: ProgressLine, work: WorkReference) => {
  const { session, name } = attend;
  const leave = () => {
    watchers.state.left = true;
    watchers.abort.abort();
  };
  return onInterrupts(() => {
    line.above(() =>
      session.note(`cancelling ${name} and waiting for the proof; Ctrl-C again leaves it alone`),
    );
    cancelWork(attend.client, work).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      line.above(() => session.warn(`cannot cancel ${name}: ${why}`));
    });
  }, leave);
};

const follow = async (
  attend: Attend,
  watchers: Watchers,
  line: ProgressLine,
  work: WorkReference,
): Promise<void> => {
  const { state, tally } = watchers;
  const { onOutput } = attend;
  let hint = '';
  await followWork({
    client: attend.client,
    work,
    signal: watchers.abort.signal,
    endsOnly: !line.isShown,
    onTask: (task) => {
      tally.add(task);
      line.update();
    },
    onStatus: (now) => {
      state.work = now;
      line.update();
      const message = waitOf(now);
      if (message === '' || message === hint) return;
      hint = message;
      line.above(() => attend.session.note(`${attend.name}: ${message}`));
    },
    ...(onOutput ? { onOutput: (entry: LogChunk) => onOutput(entry, line) } : {}),
  });
};

/** Stands by until the work is final (or the user leaves) and sets the exit code. */
export const attendWork = async (attend: Attend): Promise<Attended> => {
  const { session, client, name, namespace } = attend;
  const reference = { kind: workKinds[attend.plural], name, namespace };
  const sinceMs = performance.now();
  const tally = createTally();
  const state: Watchers['state'] = { work: undefined, left: false };
  const watchers = { tally, state, abort: new AbortController() };
  const text = () => liveText(tally, state.work, sinceMs, attend.extra?.(tally) ?? '');
  const line = createProgressLine(session.err, text, !attend.quiet);
  const interrupts = watchInterrupts(attend, watchers, line, reference);
  try {
    await follow(attend, watchers, line, reference);
  } catch (error) {
    if (!state.left) {
      line.close();
      session.note(`${name} goes on by itself; look with: drover ${noun(attend.plural)} show ${name}`);
      throw error;
    }
  } finally {
    interrupts.close();
    watchers.abort.abort();
    line.close();
  }
  // What the stream showed before its end is how it ended: that is not asked for again.
  const known = state.left || isOver(state.work) ? state.work : undefined;
  const work = known ?? (await client.get(reference.kind, name, { namespace }));
  const { ok, total } = tally.counts();
  const allOk = !state.left && ok === total && work.status?.phase === 'Succeeded';
  const exitCode = allOk ? exitCodes.ok : exitCodes.failed;
  session.setExitCode(exitCode);
  return { work, tally, exitCode, left: state.left };
};

/** The closing report on stderr; after leaving, how to look after what goes on. */
export const printReport = (attend: Attend, attended: Attended, sinceMs: number): void => {
  const { session, name } = attend;
  if (attended.left) {
    session.note(
      `left ${name}, which goes on; look with: drover ${noun(attend.plural)} show ${name}, ` +
        `cancel with: drover ${noun(attend.plural)} cancel ${name}`,
    );
    return;
  }
  if (attend.quiet) return;
  for (const line of reportLines(session, attended.work, attended.tally, sinceMs)) session.note(line);
};
