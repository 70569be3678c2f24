// Owns the replay of one recording: where it stands, how fast it goes. The page only shows it.
// I1: what is on the screen is what was on it at `position`: going back begins anew and goes forward at once.
import { nowMs } from '../../ui/clock.ts';
import type { Screen } from '../../ui/terminal.ts';
import { type Cast, toSize } from './cast.ts';

export const speeds = [0.5, 1, 2, 4, 8] as const;
export type Speed = (typeof speeds)[number];

export interface PlayerState {
  /** Seconds. */
  readonly position: number;
  readonly isPlaying: boolean;
  readonly speed: Speed;
}

export class Player {
  readonly #listeners = new Set<() => void>();
  readonly #cast: Cast;
  readonly #screen: Screen;
  #state: PlayerState = { position: 0, isPlaying: false, speed: 1 };
  /** Of the next event. */
  #next = 0;
  #frame = 0;
  #lastMs = 0;

  constructor(cast: Cast, screen: Screen) {
    this.#cast = cast;
    this.#screen = screen;
  }

  readonly snapshot = (): PlayerState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  /** Shows what came up to `seconds`, in one piece. */
  #showUntil(seconds: number): void {
    const { events } = this.#cast;
    let text = '';
    for (; ; this.#next++) {
      const event = events[this.#next];
      if (event === undefined || event.seconds > seconds) break;
      if (event.code === 'o') text += event.text;
      const size = event.code === 'r' ? toSize(event.text) : undefined;
      if (size === undefined) continue;
      this.#screen.write(text);
      text = '';
      this.#screen.resize(...size);
    }
    if (text !== '') this.#screen.write(text);
  }

  readonly #tick = (): void => {
    const ms = nowMs();
    const { position, speed } = this.#state;
    const now = Math.min(position + ((ms - this.#lastMs) / 1_000) * speed, this.#cast.seconds);
    this.#lastMs = ms;
    this.#showUntil(now);
    const isPlaying = now < this.#cast.seconds;
    this.#set({ position: now, isPlaying });
    if (isPlaying) this.#frame = requestAnimationFrame(this.#tick);
  };

  play(): void {
    if (this.#state.isPlaying) return;
    if (this.#state.position >= this.#cast.seconds) this.seek(0);
    this.#lastMs = nowMs();
    this.#set({ isPlaying: true });
    this.#frame = requestAnimationFrame(this.#tick);
  }

  pause(): void {
    cancelAnimationFrame(this.#frame);
    this.#set({ isPlaying: false });
  }

  toggle(): void {
    if (this.#state.isPlaying) this.pause();
    else this.play();
  }

  /** I1. */
  seek(seconds: number): void {
    const position = Math.max(0, Math.min(seconds, this.#cast.seconds));
    if (position < this.#state.position) {
      this.#screen.reset();
      this.#screen.resize(this.#cast.columns, this.#cast.rows);
      this.#next = 0;
    }
    this.#showUntil(position);
    this.#set({ position });
  }

  setSpeed(speed: Speed): void {
    this.#set({ speed });
  }

  /** One step faster or slower. */
  changeSpeed(step: 1 | -1): void {
    const speed = speeds[speeds.indexOf(this.#state.speed) + step];
    if (speed !== undefined) this.setSpeed(speed);
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#listeners.clear();
  }
}
