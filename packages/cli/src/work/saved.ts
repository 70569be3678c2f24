// Owns how a saved command becomes a run: with the values, nodes and pace that were given.
import type { SavedCommand } from '@drover/api';
import { renderSavedCommand } from '@drover/api/saved-command';
import { causeWords, toSavedRun } from '@drover/api/schedule-run';
import { type Client, savedCommands } from '@drover/client';
import { usageFailure } from '../failure.ts';
import { toPace, toTargets, type WorkOptions } from './options.ts';

/** The CommandRun; who may not read the command, or gives what does not fit it, is told so. */
export const toSavedWork = async (
  client: Client,
  name: string,
  values: Readonly<Record<string, string>>,
  options: WorkOptions,
): Promise<Record<string, unknown>> => {
  const saved = await client.get<SavedCommand>(savedCommands, name, { namespace: options.namespace });
  const rendered = renderSavedCommand(saved, values, toTargets(options));
  if (rendered.kind === 'refused')
    throw usageFailure(
      `cannot run saved command ${name}: ${causeWords(rendered.causes)}`,
      `give parameters with -p NAME=VALUE and nodes with -n; see drover get savedcommand ${name} -o yaml`,
    );
  const { strategy, offline, ...pace } = toPace(options);
  const run = toSavedRun(saved, rendered.spec);
  const { generateName, ...metadata } = run.metadata;
  return {
    ...run,
    metadata: { ...metadata, ...(options.name === undefined ? { generateName } : { name: options.name }) },
    spec: {
      ...run.spec,
      ...pace,
      strategy: { ...run.spec.strategy, ...strategy },
      offline: { ...run.spec.offline, ...offline },
    },
  };
};
