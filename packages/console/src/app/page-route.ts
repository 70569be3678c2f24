// Owns what a page is to the frame: an address below /console and the file that shows it, fetched when it is first asked for.
import type { ComponentType } from 'react';

export interface PageRoute {
  /** As React Router has it, e.g. /nodes/name/:name/:tab? */
  readonly path: string;
  readonly load: () => Promise<ComponentType>;
}
