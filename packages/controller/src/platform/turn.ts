// Owns going on together: what has arrived in one turn of the event loop is worked on step by step, side by side.
// A request that goes all the way at once, from the socket to the store, meets each part of the program with cold caches;
// many that take each step together share them, and what they send on goes in one message.

let coming: Promise<void> | undefined;

/** Resolves for all who ask in this turn of the event loop at once, when everything that has arrived was looked at. */
export const nextTurn = (): Promise<void> => {
  coming ??= new Promise((resolve) => {
    setImmediate(() => {
      coming = undefined;
      resolve();
    });
  });
  return coming;
};
