// Owns what every store must offer to be held to the contract: a place that can be opened again and again.
import { afterEach } from 'vitest';
import type { Store } from '../store.ts';

/** One empty place for data. */
export interface Place {
  /** Opens the store on the place; it was closed before, or this is the first time. */
  open(): Promise<Store>;
  destroy(): Promise<void>;
}

export type MakePlace = () => Promise<Place>;

export interface Opener {
  /** A store on a new place. */
  fresh(): Promise<Store>;
  /** Closes the store that is open and opens the same place again. */
  again(): Promise<Store>;
}

/** Closes and removes after each test whatever it opened. */
export const useStores = (makePlace: MakePlace): Opener => {
  let place: Place | undefined;
  let store: Store | undefined;
  const close = async (): Promise<void> => {
    await store?.close();
    store = undefined;
  };
  afterEach(async () => {
    await close();
    await place?.destroy();
    place = undefined;
  });
  return {
    fresh: async () => {
      place = await makePlace();
      store = await place.open();
      return store;
    },
    again: async () => {
      await close();
      if (place === undefined) throw new Error('cannot open again: nothing was opened');
      store = await place.open();
      return store;
    },
  };
};

/** Everything that is told, in order. */
export const record = <T>(subscribe: (listener: (event: T) => void) => unknown): readonly T[] => {
  const events: T[] = [];
  subscribe((event) => events.push(event));
  return events;
};
