// Owns short commands that a page runs on one node to know or do something: a CommandRun like any other, so that it is
// permitted, held to policies and audited. Its label says what for.
import { commandRuns, defaultNamespace } from '@drover/client/kinds';
import i18next from 'i18next';
import { client } from './client.ts';
import { consoleLabel } from './console-label.ts';
import { endOf } from './work-end.ts';

const timeoutSeconds = 60;
const maxOutputBytes = 8 * 1024 * 1024;

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const textOf = async (bytes: AsyncIterable<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of bytes) text += decoder.decode(part, { stream: true });
  return text + decoder.decode();
};

/** A program in an argument is more than people want to read. */
const inShort = (argv: readonly string[]): string => argv.join(' ').split('\n')[0]?.slice(0, 100) ?? '';

/** Throws what kept it from running to its end. Another exit code than 0 is an answer. */
export const runOn = async (
  node: string,
  argv: readonly string[],
  what: string,
  signal?: AbortSignal,
): Promise<Outcome> => {
  const run = await client.create(
    commandRuns,
    {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'CommandRun',
      metadata: { generateName: `console-${what}-`, labels: { [consoleLabel]: what } },
      spec: { argv, targets: { nodeSet: node }, timeoutSeconds, maxOutputBytes, offline: { policy: 'Skip' } },
    },
    { namespace: defaultNamespace, signal },
  );
  const task = await endOf(run, signal);
  if (task?.state !== 'exited' || task.result === null) {
    const why = task?.result?.reason || run.status?.message || (task?.state ?? '');
    throw new Error(i18next.t('nodes.notRun', { command: inShort(argv), node, why }));
  }
  const reference = { kind: commandRuns, name: run.metadata.name ?? '' };
  const [stdout, stderr] = await Promise.all(
    (['stdout', 'stderr'] as const).map((stream) =>
      textOf(client.nodeLog(reference, node, { stream, signal })),
    ),
  );
  return { exitCode: task.result.exitCode, stdout: stdout ?? '', stderr: stderr ?? '' };
};

/** Same, but another exit code than 0 is thrown with what the command said. */
export const mustRunOn = async (...wanted: Parameters<typeof runOn>): Promise<Outcome> => {
  const outcome = await runOn(...wanted);
  const { exitCode, stdout, stderr } = outcome;
  if (exitCode === 0) return outcome;
  const why = stderr.trim() || stdout.trim() || String(exitCode);
  throw new Error(i18next.t('nodes.notRun', { command: inShort(wanted[1]), node: wanted[0], why }));
};
