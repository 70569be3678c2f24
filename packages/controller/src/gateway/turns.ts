// Owns fairness of long loops: so many at a time, then everybody else's events first.

export class Turns {
  private readonly perTurn: number;
  private used = 0;
  private armed = false;
  private waiting: (() => void)[] = [];

  constructor(perTurn: number) {
    this.perTurn = perTurn;
  }

  /** Resolves in this turn of the event loop while there is room in it, else in a later one, in order. */
  next(): Promise<void> {
    if (this.used < this.perTurn && this.waiting.length === 0) {
      this.used += 1;
      this.arm();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.arm();
    });
  }

  private arm(): void {
    if (this.armed) return;
    this.armed = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.armed = false;
    const now = this.waiting.splice(0, this.perTurn);
    this.used = now.length;
    for (const resolve of now) resolve();
    if (this.used > 0) this.arm();
  }
}
