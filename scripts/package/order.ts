// Owns what somebody wants to have packaged.
import type { Edition } from './tree.ts';

export interface Order extends Edition {
  /** The folder for the packages. */
  readonly out: string;
  /** Not compressed: large, and done in seconds, for trying. */
  readonly quick: boolean;
}
