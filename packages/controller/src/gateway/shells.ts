// Owns the terminals open on one session.
// I1: bytes keep their order both ways; towards the node at most 64 KiB are unanswered, towards the viewer the node
//     waits for the viewer.
// I2: onClose is called exactly once per shell that was opened, whoever ends it.
// I3: what is typed into a terminal that has just ended is dropped: its end, which is on the way, says more.
import { ApiError } from '@drover/api';
import { type Mux, ProblemError } from '@drover/api/wire';
import { newId } from '../platform/ids.ts';
import type { Shell, ShellEvents, ShellRequest } from '../platform/shell.ts';

const pieceBytes = 64 * 1024;
/** A program that does not read its terminal may let typed bytes wait this long. */
const inputTimeoutMs = 10 * 60_000;

/** I3. */
const passEnded = (error: unknown): void => {
  if (!(error instanceof ProblemError) || error.code !== 'unknown') throw error;
};

export class ShellStreams {
  private readonly mux: Mux<'Agent'>;
  private readonly streams = new Map<string, ShellEvents>();

  constructor(mux: Mux<'Agent'>) {
    this.mux = mux;
  }

  /** Throws what the agent answers, e.g. ProblemError refused for an unknown user. */
  async open(request: ShellRequest, events: ShellEvents): Promise<Shell> {
    const streamId = newId();
    const { user, columns, rows, argv } = request;
    this.streams.set(streamId, events);
    try {
      await this.mux.call('openShell', { shell: { streamId, user, columns, rows, argv } });
    } catch (error) {
      this.streams.delete(streamId);
      throw error;
    }
    return this.handle(streamId);
  }

  private handle(streamId: string): Shell {
    let last: Promise<void> = Promise.resolve();
    return {
      write: (data) => {
        last = last.then(() => this.write(streamId, data));
        return last;
      },
      resize: (columns, rows) => this.mux.call('resizeShell', { streamId, columns, rows }).catch(passEnded),
      close: async () => {
        if (this.streams.has(streamId)) await this.mux.call('closeShell', { streamId });
      },
    };
  }

  private async write(streamId: string, data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += pieceBytes) {
      if (!this.streams.has(streamId)) throw new ApiError('Gone', 'cannot write to the shell: it is closed');
      const piece = data.subarray(at, at + pieceBytes);
      await this.mux.call('shellInput', { streamId, data: piece }, inputTimeoutMs).catch(passEnded);
    }
  }

  async output(streamId: string, data: Uint8Array): Promise<void> {
    const events = this.streams.get(streamId);
    if (!events) throw new ProblemError('unknown', 'cannot take shell output: no such stream');
    await events.onOutput(data.slice()); // session.ts I3: it may be on its way long after the answer
  }

  closed(streamId: string, exitCode: number, reason: string): void {
    const events = this.streams.get(streamId);
    this.streams.delete(streamId);
    events?.onClose(exitCode, reason);
  }

  /** The session is over, and the shells with it. */
  end(reason: string): void {
    for (const streamId of [...this.streams.keys()]) this.closed(streamId, -1, reason);
  }
}
