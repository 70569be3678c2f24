// Owns what an emulated agent has still to report: in order, one report at a time, sent again until it is answered.
import type { OutputChunk, TaskProgress, TaskResult, TaskStarted } from '@drover/api/wire';

export interface Reports {
  readonly output: readonly OutputChunk[];
  readonly started: readonly TaskStarted[];
  readonly progress: readonly TaskProgress[];
  readonly results: readonly TaskResult[];
}

const maxItems = 1_000;
const maxOutputBytes = 512 * 1024;

export class ReportQueue {
  private readonly send: (reports: Reports) => Promise<boolean>;
  private waiting: Partial<Reports>[] = [];
  private busy = false;

  constructor(send: (reports: Reports) => Promise<boolean>) {
    this.send = send;
  }

  add(item: Partial<Reports>): void {
    this.waiting.push(item);
    if (this.waiting.length === 1 && !this.busy) queueMicrotask(() => this.flush());
  }

  /** Sends what there is; after a failure it waits for the next flush. */
  flush(): void {
    if (this.busy || this.waiting.length === 0) return;
    this.busy = true;
    void this.drain().finally(() => {
      this.busy = false;
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.next();
      if (!(await this.send(merge(batch)))) return;
      this.waiting.splice(0, batch.length);
    }
  }

  private next(): readonly Partial<Reports>[] {
    let bytes = 0;
    const tooMuch = this.waiting.findIndex((item, index) => {
      bytes += item.output?.[0]?.data.length ?? 0;
      return index > 0 && (index >= maxItems || bytes > maxOutputBytes);
    });
    return tooMuch < 0 ? this.waiting.slice() : this.waiting.slice(0, tooMuch);
  }
}

const merge = (items: readonly Partial<Reports>[]): Reports => ({
  output: items.flatMap((item) => item.output ?? []),
  started: items.flatMap((item) => item.started ?? []),
  progress: items.flatMap((item) => item.progress ?? []),
  results: items.flatMap((item) => item.results ?? []),
});
