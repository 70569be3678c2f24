// Owns how many bytes from agents may be in memory at a time.
// I1: a large frame is read only after its whole length has been granted, first come first served, so that what
//     is half read can always be finished; small frames are counted but never wait.
// I2: whoever was granted bytes gives them back exactly once.

interface Waiter {
  readonly bytes: number;
  readonly grant: () => void;
}

export class ByteBudget {
  private readonly limitBytes: number;
  private usedBytes = 0;
  private readonly waiters = new Set<Waiter>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get used(): number {
    return this.usedBytes;
  }

  /** Counts bytes that are here already. */
  take(bytes: number): void {
    this.usedBytes += bytes;
  }

  give(bytes: number): void {
    this.usedBytes -= bytes;
    for (const waiter of this.waiters) {
      if (!this.fits(waiter.bytes)) return;
      this.waiters.delete(waiter);
      this.usedBytes += waiter.bytes;
      waiter.grant();
    }
  }

  /**
   * Asks for bytes (0: only for the budget to have room again). Granted at once: returns undefined. Otherwise
   * `grant` is called later, unless the returned function withdraws the request.
   */
  acquire(bytes: number, grant: () => void): (() => void) | undefined {
    if (this.waiters.size === 0 && this.fits(bytes)) {
      this.usedBytes += bytes;
      return undefined;
    }
    const waiter = { bytes, grant };
    this.waiters.add(waiter);
    return () => this.waiters.delete(waiter);
  }

  /** A frame longer than the whole budget is let in alone. */
  private fits(bytes: number): boolean {
    return this.usedBytes === 0 || this.usedBytes + bytes <= this.limitBytes;
  }
}
