// Entry point of the drover command.
import { runProgram } from './program.ts';
import { createSession } from './session.ts';

// A reader that goes away (drover nodes | head -1) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.stderr.on('error', () => process.exit(1));

const session = createSession(process);
await runProgram(process.argv.slice(2), session);
// A pipe whose reader is slower than we are takes what it is given only bit by bit: leaving now would cut the output.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
process.exit(session.exitCode());
