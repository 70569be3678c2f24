// Owns the way out of a terminal that hangs: '~.' at the beginning of a line, as ssh has it.

export interface EscapeFilter {
  /** Bytes to send on; `leave` is true once the escape was typed. */
  readonly feed: (data: Uint8Array) => { readonly send: Uint8Array; readonly leave: boolean };
}

const tilde = 0x7e;
const dot = 0x2e;
const isLineEnd = (byte: number): boolean => byte === 0x0d || byte === 0x0a;

/** '~.' leaves, '~~' sends one tilde; a tilde before anything else is sent as it is. */
export const createEscapeFilter = (): EscapeFilter => {
  let atLineStart = true;
  let held = false;
  return {
    feed: (data) => {
      const send: number[] = [];
      for (const byte of data) {
        if (held) {
          held = false;
          if (byte === dot) return { send: Uint8Array.from(send), leave: true };
          if (byte !== tilde) send.push(tilde);
        } else if (atLineStart && byte === tilde) {
          held = true;
          atLineStart = false;
          continue;
        }
        send.push(byte);
        atLineStart = isLineEnd(byte);
      }
      return { send: Uint8Array.from(send), leave: false };
    },
  };
};
