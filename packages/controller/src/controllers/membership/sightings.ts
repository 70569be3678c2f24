// Owns when this controller last saw each lease change: whether it still holds is judged by that, never by the times that it
// says, so that clocks which differ do no harm (as client-go does).
import type { KubeObject } from '@drover/api';
import type { AwakeClock } from './awake.ts';
import { durationMs } from './lease.ts';

interface Sighting {
  readonly version: string;
  readonly object: KubeObject;
  readonly atMs: number;
}

export class Sightings {
  readonly #clock: AwakeClock;
  readonly #seen = new Map<string, Sighting>();

  constructor(clock: AwakeClock) {
    this.#clock = clock;
  }

  see(object: KubeObject, isThere: boolean): void {
    const { name = '', resourceVersion: version = '' } = object.metadata;
    if (!isThere) this.#seen.delete(name);
    else if (this.#seen.get(name)?.version !== version)
      this.#seen.set(name, { version, object, atMs: this.#clock.nowMs() });
  }

  /** Nothing could be seen for a while: each gets its whole time anew. */
  forgive(): void {
    const atMs = this.#clock.nowMs();
    for (const [name, seen] of this.#seen) this.#seen.set(name, { ...seen, atMs });
  }

  /** undefined: there is no such lease. */
  ageMs(name: string): number | undefined {
    const seen = this.#seen.get(name);
    return seen && this.#clock.nowMs() - seen.atMs;
  }

  holds(name: string): boolean {
    const ageMs = this.ageMs(name);
    return ageMs !== undefined && ageMs <= durationMs;
  }

  /** Whether this very version has been there for longer than it holds. */
  hasRunOut({ metadata }: KubeObject): boolean {
    const { name = '', resourceVersion } = metadata;
    return this.#seen.get(name)?.version === resourceVersion && !this.holds(name);
  }

  find(name: string): KubeObject | undefined {
    return this.#seen.get(name)?.object;
  }

  names(): readonly string[] {
    return [...this.#seen.keys()];
  }
}
