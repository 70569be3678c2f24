// Owns "the console is built": of its own sources and of those that it shares with the controller.
import { ensureBuilt } from './built.mjs';

export const ensureConsole = () =>
  ensureBuilt({
    what: 'console',
    home: 'packages/console',
    sources: ['packages/console', 'packages/client/src', 'packages/api/src'],
  });

if (process.argv[1] === import.meta.filename) ensureConsole();
