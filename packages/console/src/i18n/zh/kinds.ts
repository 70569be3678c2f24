import type { kinds as english } from '../en/kinds.ts';
import type { Texts } from '../texts.ts';

export const kinds: Texts<typeof english> = {};
