// Owns what a transfer moves, in plain values.
/** The path of a change, which is below the path of the transfer. */
export const fullPath = (root: string, path: string): string =>
  path === '' ? root : `${root.replace(/\/$/, '')}/${path}`;
