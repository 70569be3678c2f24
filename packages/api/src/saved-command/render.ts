// Owns what a saved command becomes with values: the spec of a CommandRun. Pure; command line, console and schedules use it.
// I1: a value stands within the one argument, variable or text that names it: it never becomes two, and changes no other.
// I2: a script is never changed: its parameters are variables of its environment, so that no value is read as a command.
// I3: a parameter that is not given and has no default is the empty text.
import type { RunTemplate, ScheduledRun } from '../kinds/run-template.ts';
import type { CommandParameter, SavedCommand } from '../kinds/saved-command.ts';
import type { Targets } from '../work.ts';
import { asItIs, fillIn } from './placeholders.ts';
import { type ParameterValue, readValue } from './values.ts';

export type ParameterValues = Readonly<Record<string, ParameterValue>>;

interface Problem {
  readonly field: string;
  readonly message: string;
}

export type RenderedCommand =
  | { readonly kind: 'run'; readonly spec: ScheduledRun }
  /** `field`: targets, or values.<name>. */
  | { readonly kind: 'refused'; readonly causes: readonly Problem[] };

const unknownNames = (
  parameters: readonly CommandParameter[],
  values: ParameterValues,
): readonly Problem[] => {
  const known = parameters.map(({ name }) => name);
  const words = known.length === 0 ? 'it has none' : `known: ${known.join(', ')}`;
  return Object.keys(values)
    .filter((name) => !known.includes(name))
    .map((name) => ({ field: `values.${name}`, message: `there is no such parameter; ${words}` }));
};

const readAll = (parameters: readonly CommandParameter[], values: ParameterValues) => {
  const texts = new Map<string, string>();
  const causes: Problem[] = [];
  for (const parameter of parameters) {
    const { name, required } = parameter;
    const given = Object.hasOwn(values, name) ? values[name] : parameter.default;
    if (given === undefined) {
      texts.set(name, ''); // I3
      if (required) causes.push({ field: `values.${name}`, message: 'must be given' });
      continue;
    }
    const read = readValue(parameter, given);
    if (read.kind === 'text') texts.set(name, read.text);
    else causes.push({ field: `values.${name}`, message: read.message });
  }
  return { texts, causes };
};

const filled = (run: SavedCommand['spec']['run'], texts: ReadonlyMap<string, string>) => {
  const fill = (text: string): string => fillIn(text, texts);
  const { argv, script, env, stdin, cwd, user, ...rest } = run;
  const given = env && Object.fromEntries(Object.entries(env).map(([name, text]) => [name, fill(text)]));
  const variables = script === undefined ? given : { ...given, ...Object.fromEntries(texts) }; // I2
  return {
    ...rest,
    ...(argv === undefined ? {} : { argv: argv.map(fill) }), // I1
    ...(script === undefined ? {} : { script }),
    ...(variables === undefined ? {} : { env: variables }),
    ...(stdin === undefined ? {} : { stdin: fill(stdin) }),
    ...(cwd === undefined ? {} : { cwd: fill(cwd) }),
    ...(user === undefined ? {} : { user: fill(user) }),
  };
};

/** `targets`: in place of those that the command has; the object is valid. */
export const renderSavedCommand = (
  { spec: { parameters = [], run } }: Pick<SavedCommand, 'spec'>,
  values: ParameterValues,
  targets: Targets | undefined = run.targets,
): RenderedCommand => {
  const { texts, causes } = readAll(parameters, values);
  const all = [
    ...unknownNames(parameters, values),
    ...causes,
    ...(targets === undefined
      ? [{ field: 'targets', message: 'must be given: the command names no nodes of its own' }]
      : []),
  ];
  if (targets === undefined || all.length > 0) return { kind: 'refused', causes: all };
  return { kind: 'run', spec: { ...filled(run, texts), targets } };
};

/** What to keep as a saved command without parameters, so that it becomes this run again. */
export const toTemplate = (run: RunTemplate): RunTemplate => {
  const { argv, env, user, cwd, stdin } = run;
  const texts = Object.entries({ user, cwd, stdin }).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, asItIs(text)] as const],
  );
  return {
    ...run,
    ...(argv === undefined ? {} : { argv: argv.map(asItIs) }),
    ...(env === undefined
      ? {}
      : { env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, asItIs(text)])) }),
    ...Object.fromEntries(texts),
  };
};
