// Owns a real file system of its own for tests of what happens when it is full, read-only or fails: ext4 in a file. Needs root.
// It is unmounted when the test process ends, whatever happens.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const mebibyte = 1024 * 1024;

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const run = (command: string, args: readonly string[]) => spawnSync(command, args, { env, encoding: 'utf8' });

const must = (command: string, ...args: readonly string[]): string => {
  const done = run(command, args);
  if (done.status === 0) return done.stdout;
  throw new Error(
    `cannot prepare a disk: ${command} ${args.join(' ')}: ${done.stderr || done.error?.message}`,
  );
};

export class SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  readonly #dir: string;
  readonly #image: string;
  readonly #onExit = (): void => this.close();

  constructor(sizeMebibytes: number) {
    this.#dir = mkdtempSync(join(tmpdir(), 'drover-disk-'));
    this.path = join(this.#dir, 'disk');
    this.#image = join(this.#dir, 'image');
    mkdirSync(this.path);
    writeFileSync(this.#image, '');
    truncateSync(this.#image, sizeMebibytes * mebibyte);
    process.on('exit', this.#onExit);
    must('mkfs.ext4', '-q', '-m', '0', this.#image);
    this.mount();
  }

  mount(): void {
    must('mount', '-o', 'loop,errors=remount-ro', this.#image, this.path);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Somebody else's file takes all the room there is. */
  fill(): void {
    must(
      'sh',
      '-c',
      `head -c ${this.freeBytes + mebibyte} /dev/zero >> ${this.path}/other 2> /dev/null || :`,
    );
  }

  empty(): void {
    rmSync(join(this.path, 'other'), { force: true });
  }

  /** As the kernel does it when it finds an error on the disk. */
  breakDown(): void {
    const device = basename(must('findmnt', '-no', 'SOURCE', this.path).trim());
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'drover test');
  }

  /** Mends what `breakDown` has left, as an operator would. */
  mend(): void {
    must('umount', this.path);
    must('sh', '-c', `e2fsck -p ${this.#image} || [ $? -le 1 ]`);
    this.mount();
  }

  /** Files that nobody may write or make, root neither, and those that may again. */
  lock(...names: readonly string[]): void {
    must('chattr', '+i', ...names.map((name) => join(this.path, name)));
  }

  unlock(...names: readonly string[]): void {
    must('chattr', '-i', ...names.map((name) => join(this.path, name)));
  }

  close(): void {
    process.off('exit', this.#onExit);
    run('umount', ['-l', this.path]);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
