import type { transfers as english } from '../en/transfers.ts';
import type { Texts } from '../texts.ts';

export const transfers: Texts<typeof english> = {};
