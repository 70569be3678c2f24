// Owns file names as this program has them, which are buffers, and as manifests write them (docs/protocol.md section 5).
import { decodeName as toBytes } from '@drover/client/names';

export { encodeName } from '@drover/client/names';

/** Throws on a '%' that is not followed by two hex digits. */
export const decodeName = (text: string): Buffer => Buffer.from(toBytes(text));
