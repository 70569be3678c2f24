// Owns SavedCommand (drover.dev/v1alpha1): a command that is kept, with parameters for who runs it. What it becomes with
// values is in saved-command/render.ts.
import { type Static, Type } from 'typebox';
import { patternProblem } from '../custom/patterns.ts';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { namesIn } from '../saved-command/placeholders.ts';
import { readValue } from '../saved-command/values.ts';
import { LaterRequester, RunTemplate } from './run-template.ts';
import { commandChecks, targetChecks } from './work-columns.ts';

const closed = { additionalProperties: false } as const;

/** Its name is a label of its runs. */
const maxName = 63;
/** Small letters: no parameter can be PATH, IFS, LD_PRELOAD or another variable that programs obey. */
const namePattern = '^[a-z][a-z0-9_]{0,62}$';

export const CommandParameter = Type.Object(
  {
    name: Type.String({ pattern: namePattern, description: 'Stands in the command as $(name).' }),
    title: Type.Optional(Type.String({ maxLength: 200, description: 'For people; absent: the name.' })),
    description: Type.Optional(Type.String({ maxLength: 1000, description: 'What it is for.' })),
    type: Type.Union(
      [Type.Literal('string'), Type.Literal('integer'), Type.Literal('boolean'), Type.Literal('choice')],
      { default: 'string', description: 'What may be given; choice: one of choices.' },
    ),
    choices: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
        minItems: 1,
        maxItems: 256,
        description: 'For choice: what may be chosen.',
      }),
    ),
    default: Type.Optional(
      Type.Union([Type.String(), Type.Integer(), Type.Boolean()], {
        description: 'Taken when nothing is given; without it, the empty text.',
      }),
    ),
    required: Type.Boolean({ default: false, description: 'Must be given, unless there is a default.' }),
    pattern: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2000,
        description: 'For string: regular expression (RE2) that the whole value must match.',
      }),
    ),
    minimum: Type.Optional(Type.Integer({ description: 'For integer: the least.' })),
    maximum: Type.Optional(Type.Integer({ description: 'For integer: the most.' })),
  },
  {
    ...closed,
    description: 'One thing that whoever runs the command may choose. Never a secret: all see it.',
  },
);
export type CommandParameter = Static<typeof CommandParameter>;

export const SavedCommand = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('SavedCommand'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        title: Type.Optional(Type.String({ maxLength: 200, description: 'For people; absent: the name.' })),
        description: Type.Optional(Type.String({ maxLength: 4000, description: 'What it is for.' })),
        parameters: Type.Optional(
          Type.Array(CommandParameter, {
            maxItems: 64,
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            description:
              'Put in where $(name) stands in argv, env, stdin, cwd and user; "$$(" is a "$(" as it is. A script gets them as variables of its environment.',
          }),
        ),
        run: RunTemplate,
        requester: Type.Optional(LaterRequester),
      },
      { ...closed, description: 'The command and its parameters.' },
    ),
  },
  { ...closed, description: 'SavedCommand keeps a command, with parameters for who runs it.' },
);
export type SavedCommand = Static<typeof SavedCommand>;

type Problem = { readonly field: string; readonly message: string };

const only = (isRight: boolean, value: unknown, field: string, type: string): readonly Problem[] =>
  value === undefined || isRight ? [] : [{ field, message: `is for parameters of type ${type}` }];

const boundProblems = ({ type, choices, pattern, minimum, maximum }: CommandParameter, at: string) => {
  const wrong = pattern === undefined ? undefined : patternProblem(pattern);
  return [
    ...only(type === 'choice', choices, `${at}.choices`, 'choice'),
    ...only(type === 'string', pattern, `${at}.pattern`, 'string'),
    ...only(type === 'integer', minimum, `${at}.minimum`, 'integer'),
    ...only(type === 'integer', maximum, `${at}.maximum`, 'integer'),
    ...(type === 'choice' && choices === undefined
      ? [{ field: `${at}.choices`, message: 'must be given for type choice' }]
      : []),
    ...(new Set(choices).size === (choices ?? []).length
      ? []
      : [{ field: `${at}.choices`, message: 'a choice stands twice' }]),
    ...(wrong === undefined ? [] : [{ field: `${at}.pattern`, message: wrong }]),
    ...(minimum !== undefined && maximum !== undefined && minimum > maximum
      ? [{ field: `${at}.minimum`, message: `is more than maximum, ${maximum}` }]
      : []),
  ];
};

const parameterProblems = (parameter: CommandParameter, at: string): readonly Problem[] => {
  const bounds = boundProblems(parameter, at);
  if (bounds.length > 0 || parameter.default === undefined) return bounds;
  const read = readValue(parameter, parameter.default);
  return read.kind === 'text' ? [] : [{ field: `${at}.default`, message: read.message }];
};

/** Where parameters are put in, by field. */
const textsOf = ({
  argv = [],
  env = {},
  stdin,
  cwd,
  user,
}: RunTemplate): readonly (readonly [string, string])[] => [
  ...argv.map((text, index) => [`spec.run.argv[${index}]`, text] as const),
  ...Object.entries(env).map(([name, text]) => [`spec.run.env.${name}`, text] as const),
  ...Object.entries({ stdin, cwd, user }).flatMap(([name, text]) =>
    text === undefined ? [] : [[`spec.run.${name}`, text] as const],
  ),
];

const shells = /(^|\/)(sh|bash|dash|ash|ksh|zsh)$/;

/** Texts that a shell would read as commands: a value there could say anything. */
const shellProblems = ({ argv = [], stdin = '' }: RunTemplate): readonly Problem[] => {
  const shell = argv.findIndex((word) => shells.test(word));
  if (shell < 0) return [];
  const option = argv.findIndex((word, index) => index > shell && /^-[a-z]*c$/.test(word));
  const remedy = 'a shell would read the value as commands';
  if (option < 0)
    return namesIn(stdin).length === 0 ? [] : [{ field: 'spec.run.stdin', message: `${remedy}: use script` }];
  return namesIn(argv[option + 1] ?? '').length === 0
    ? []
    : [
        {
          field: `spec.run.argv[${option + 1}]`,
          message: `${remedy}: name "$1" there and give the value as an argument behind it, or use script`,
        },
      ];
};

const nameProblems = (run: RunTemplate, names: readonly string[]): readonly Problem[] => [
  ...textsOf(run).flatMap(([field, text]) =>
    namesIn(text)
      .filter((name) => !names.includes(name))
      .map((name) => ({
        field,
        message: `"${name}" is no parameter; write $$(${name}) for $(${name}) as it is`,
      })),
  ),
  ...(run.script === undefined
    ? []
    : Object.keys(run.env ?? {})
        .filter((name) => names.includes(name))
        .map((name) => ({
          field: `spec.run.env.${name}`,
          message: 'is a parameter, which the script gets',
        }))),
];

// Stored objects have been validated by the schema.
const saved = (object: KubeObject): SavedCommand => object as unknown as SavedCommand;

const check = (object: KubeObject): readonly Problem[] => {
  const { parameters = [], run } = saved(object).spec;
  const { name: ownName = '' } = object.metadata;
  const names = parameters.map(({ name }) => name);
  return [
    ...(ownName.length <= maxName
      ? []
      : [{ field: 'metadata.name', message: `must be no more than ${maxName} characters` }]),
    ...parameters.flatMap((parameter, index) => parameterProblems(parameter, `spec.parameters[${index}]`)),
    ...names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [{ field: `spec.parameters[${index}].name`, message: `"${name}" stands twice` }],
    ),
    ...commandChecks(run, 'spec.run'),
    ...(run.targets === undefined ? [] : targetChecks(run.targets, 'spec.run.targets')),
    ...nameProblems(run, names),
    ...shellProblems(run),
  ];
};

export const savedCommandKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'SavedCommand',
  plural: 'savedcommands',
  singular: 'savedcommand',
  shortNames: ['saved'],
  categories: [],
  scope: 'Namespaced',
  schema: SavedCommand,
  columns: [
    textColumn('Title', 'For people', 0, (o) => saved(o).spec.title ?? ''),
    textColumn('Parameters', 'What may be chosen', 0, (o) =>
      (saved(o).spec.parameters ?? []).map(({ name }) => name).join(','),
    ),
    textColumn('Description', 'What it is for', 1, (o) => saved(o).spec.description ?? ''),
  ],
  hasStatus: false,
  subresources: [],
  serverFields: ['requester'],
  selectableFields: {},
  immutablePaths: [],
  check,
};
