import type { access as english } from '../en/access.ts';
import type { Texts } from '../texts.ts';

export const access: Texts<typeof english> = {};
