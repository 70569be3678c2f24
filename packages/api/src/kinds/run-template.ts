// Owns the part of a CommandRun that can be kept for later: what to run, without who asks and what becomes of it.
import { type Static, Type } from 'typebox';
import { Targets } from '../work.ts';
import { CommandRunSpec } from './command-run.ts';

const closed = { additionalProperties: false } as const;

const { argv, script, user, cwd, env, stdin, timeoutSeconds, maxOutputBytes, strategy, offline } =
  CommandRunSpec.properties;
const kept = { argv, script, user, cwd, env, stdin, timeoutSeconds, maxOutputBytes, strategy, offline };

/** For who adds the nodes later. */
export const RunTemplate = Type.Object(
  { ...kept, targets: Type.Optional(Targets) },
  {
    ...closed,
    description: 'What is to run and how, as in a CommandRun; whoever runs it may name other nodes.',
  },
);
export type RunTemplate = Static<typeof RunTemplate>;

export const ScheduledRun = Type.Object(
  { ...kept, targets: Targets },
  { ...closed, description: 'What is to run, where and how, as in a CommandRun.' },
);
export type ScheduledRun = Static<typeof ScheduledRun>;

/** Who answers for what is run later; written by the server. */
export const LaterRequester = Type.Object(
  {
    username: Type.String({ description: 'Name of the user.' }),
    uid: Type.String({
      description: 'Of the user or service account; another one of that name is not meant.',
    }),
    time: Type.String({ description: 'When they made it, or last changed what it does.' }),
  },
  { ...closed, description: 'Who made it, or last changed what it does; set by the server.' },
);
export type LaterRequester = Static<typeof LaterRequester>;
