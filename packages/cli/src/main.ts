// Entry point of the drover command. Keeps compiled code in the user's cache so that the next start is fast.
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
enableCompileCache(join(cache, 'drover', 'compiled'));

// A reader that goes away (drover nodes | head -1) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.stderr.on('error', () => process.exit(1));

const { createSession } = await import('./session.ts');
const { runProgram } = await import('./program.ts');
const session = createSession(process);
await runProgram(process.argv.slice(2), session);
// A pipe whose reader is slower than we are takes what it is given only bit by bit: leaving now would cut the output.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
process.exit(session.exitCode());
