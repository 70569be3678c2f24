// Owns a flood of TCP connections that never say anything: node half-open.child.ts PORT COUNT. Prints one line when
// all have been made, holds them (as far as the other side lets it) until its standard input ends.
import { connect } from 'node:net';

const port = Number(process.argv[2]);
const count = Number(process.argv[3]);
/** So many are under way at a time, for the sake of the listener's queue. */
const abreast = 200;

const dial = (): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', resolve);
    socket.on('error', () => resolve()); // refused or cut: the limit that is looked for
  });

const worker = async (share: number): Promise<void> => {
  for (let n = 0; n < share; n++) await dial();
};

await Promise.all(Array.from({ length: abreast }, () => worker(count / abreast)));
process.stdout.write('all made\n');
process.stdin.resume().once('end', () => process.exit(0));
