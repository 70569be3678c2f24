import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const module = new URL('./spare-memory.ts', import.meta.url).href;

/** Heap in MiB while it is full and once it has been idle, or as it is when 5 s have passed. */
const heapOf = (flags: readonly string[]): { readonly full: number; readonly idle: number } => {
  const script = `
    import { getHeapStatistics } from 'node:v8';
    import { keepMemorySmall } from ${JSON.stringify(module)};
    const size = () => getHeapStatistics().total_heap_size / 1048576;
    globalThis.kept = Array.from({ length: 400_000 }, (_, i) => ({ i }));
    const full = size();
    globalThis.kept = undefined;
    keepMemorySmall(50);
    for (let tries = 0; tries < 100 && size() > full / 2; tries++) await new Promise((r) => setTimeout(r, 50));
    console.log(JSON.stringify({ full, idle: size() }));`;
  const args = ['--disable-warning=ExperimentalWarning', ...flags, '--input-type=module', '-e', script];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 }));
};

test('an idle process gives back the heap that it needed before', () => {
  const { full, idle } = heapOf(['--expose-gc']);
  expect(idle).toBeLessThan(full / 2);
});
