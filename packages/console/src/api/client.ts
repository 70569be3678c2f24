// Owns the one client of the page.
import { createBrowserClient } from '@drover/client/browser';
import { controllerAddress } from './address.ts';
import { noteSilence } from './connection.ts';
import { noteRefusal } from './signed-out.ts';

export const client = createBrowserClient(controllerAddress, {
  onRefusal: noteRefusal,
  onSilence: () => void noteSilence(),
});
