// Owns "the command line is built": a few files instead of many, which start in three quarters of the time. bin/drover starts the
// sources where what is built is absent or older than they are.
import { ensureBuilt } from './built.mjs';

export const ensureCommandLine = () =>
  ensureBuilt({
    what: 'command line',
    home: 'packages/cli',
    sources: ['packages/cli', 'packages/client/src', 'packages/ssh/src', 'packages/api/src'],
  });

if (process.argv[1] === import.meta.filename) ensureCommandLine();
