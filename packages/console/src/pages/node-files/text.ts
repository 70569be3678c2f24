// Owns whether a file can be shown and edited as text.

/** What is longer is not fetched to be shown. */
export const viewBytes = 1024 * 1024;
/** Of what is longer the node makes no diff, so it is not edited here. */
export const editBytes = 256 * 1024;

/** undefined: it is not UTF-8, or holds zero bytes. A byte order mark stays. */
export const toText = (bytes: Uint8Array): string | undefined => {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
