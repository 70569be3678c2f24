// Owns RunPolicy (drover.dev/v1alpha1): who may run what, on which nodes, when; beside the roles, which say who may run
// at all. What it means is in run-policy/judge.ts.
import { type Static, Type } from 'typebox';
import { patternProblem } from '../custom/patterns.ts';
import type { Kind } from '../kind.ts';
import { type KubeObject, LabelSelector, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { argvPatternProblem } from '../run-policy/argv-pattern.ts';
import { isTimeZone } from '../run-policy/windows.ts';
import { toLabelMatcher } from '../selectors/label-selector.ts';
import {
  type BindingSubject,
  subjectKey,
  subjectList,
  subjectProblems,
  withApiGroups,
} from './role-binding.ts';

const closed = { additionalProperties: false } as const;

const texts = (description: string, options: { readonly pattern?: string } = {}) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 4096, ...options }), { maxItems: 256, description }),
  );
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const ArgvPatterns = (description: string) =>
  Type.Optional(
    Type.Array(Type.Array(Type.String({ maxLength: 4096 }), { minItems: 1, maxItems: 256 }), {
      maxItems: 256,
      description,
    }),
  );

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

const Window = Type.Object(
  {
    days: Type.Optional(
      Type.Array(Type.Union(days.map((day) => Type.Literal(day as 'Mon'))), {
        minItems: 1,
        maxItems: 7,
        description: 'Days on which it begins; absent: every day.',
      }),
    ),
    from: Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'When it opens, HH:MM.' }),
    to: Type.String({
      pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
      description: 'When it closes, HH:MM. Not after `from`: on the next day.',
    }),
    timeZone: Type.String({ default: 'UTC', maxLength: 64, description: 'IANA name, e.g. Europe/Zurich.' }),
  },
  { ...closed, description: 'A time by the clock on the wall.' },
);

const Allow = Type.Object(
  {
    commands: ArgvPatterns(
      'Command lines, word by word, with * and ?; a last word "**" is any further arguments. Absent: every command.',
    ),
    scripts: flag('Whether scripts may run. Absent: if every command may.'),
    env: texts('Variables that limited commands may be given, with * and ?. Absent: none.'),
    directories: texts('Where limited commands may run: these and what is below. Absent: at home only.', {
      pattern: '^/',
    }),
    users: texts('Users to run as; a run that names none is root. Absent: every user.'),
    paths: texts(
      'What transfers may touch: these and what is below. Absent: everything, or with commands or users nothing.',
      {
        pattern: '^/',
      },
    ),
    shell: flag('Whether terminals may be opened. Absent: unless commands or users are limited.'),
    windows: Type.Optional(
      Type.Array(Window, {
        minItems: 1,
        maxItems: 64,
        description: 'When it may begin; what comes earlier waits. Absent: at any time.',
      }),
    ),
  },
  {
    ...closed,
    description: 'What whoever is named may do on the nodes; nothing else, unless another policy allows it.',
  },
);

const Rule = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
      description: 'By what it is told.',
    }),
    match: Type.Object(
      {
        commands: ArgvPatterns(
          'Command lines as in allow; a program without a path is meant wherever it lies.',
        ),
        pattern: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 2000,
            description:
              'Regular expression (RE2) that is looked for in the command line (words joined by a blank), the script and the input.',
          }),
        ),
        paths: texts('Transfers that may touch one of these, or what is below.', { pattern: '^/' }),
      },
      { ...closed, description: 'What the rule is about: any of these.' },
    ),
    action: Type.Union([Type.Literal('Deny'), Type.Literal('Ask'), Type.Literal('Log')], {
      description:
        'Deny: refuse it. Ask: it waits until somebody else approves it. Log: note it in the audit trail.',
    }),
    expireSeconds: Type.Integer({
      minimum: 60,
      maximum: 2592000,
      default: 86400,
      description: 'Ask: how long it waits for approval before it is cancelled.',
    }),
    message: Type.Optional(Type.String({ maxLength: 500, description: 'Why, for who meets the rule.' })),
  },
  { ...closed, description: 'What becomes of certain commands.' },
);

export const RunPolicy = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('RunPolicy'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        description: Type.Optional(Type.String({ maxLength: 1000, description: 'What it is for.' })),
        subjects: subjectList('Whom it binds. Absent: everybody.'),
        nodes: Type.Optional(LabelSelector),
        allow: Type.Optional(Allow),
        rules: Type.Optional(
          Type.Array(Rule, {
            maxItems: 128,
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            description: 'Guard rails: what becomes of certain commands, whoever else allows them.',
          }),
        ),
      },
      { ...closed, description: 'Whom it binds, on which nodes, and to what.' },
    ),
  },
  { ...closed, description: 'RunPolicy narrows what may be run on nodes, beside the roles.' },
);
export type RunPolicy = Static<typeof RunPolicy>;
export type RunRule = NonNullable<RunPolicy['spec']['rules']>[number];

const policy = (o: KubeObject) => o as unknown as RunPolicy;

type Problem = { readonly field: string; readonly message: string };

const patternProblems = (patterns: readonly (readonly string[])[] | undefined, field: string): Problem[] =>
  (patterns ?? []).flatMap((pattern, index) => {
    const message = argvPatternProblem(pattern);
    return message === undefined ? [] : [{ field: `${field}[${index}]`, message }];
  });

const ruleProblems = ({ match }: RunRule, field: string): Problem[] => {
  if (match.commands === undefined && match.pattern === undefined && match.paths === undefined)
    return [{ field, message: 'commands, pattern or paths must be given' }];
  const message = match.pattern === undefined ? undefined : patternProblem(match.pattern);
  return [
    ...patternProblems(match.commands, `${field}.commands`),
    ...(message === undefined ? [] : [{ field: `${field}.pattern`, message }]),
  ];
};

const allowProblems = ({ spec }: RunPolicy): Problem[] => {
  const { commands, users, paths, env, directories, windows = [] } = spec.allow ?? {};
  const isFree = commands === undefined;
  const says = (name: string): Problem => ({
    field: `spec.allow.${name}`,
    message: 'says nothing while every command is allowed: give commands, too ([]: none)',
  });
  return [
    ...patternProblems(commands, 'spec.allow.commands'),
    ...(isFree && users === undefined && paths !== undefined ? [says('paths')] : []),
    ...(isFree && env !== undefined ? [says('env')] : []),
    ...(isFree && directories !== undefined ? [says('directories')] : []),
    ...windows.flatMap(({ timeZone }, index) =>
      isTimeZone(timeZone)
        ? []
        : [
            {
              field: `spec.allow.windows[${index}].timeZone`,
              message: `"${timeZone}" is no time zone known here`,
            },
          ],
    ),
  ];
};

const selectorProblems = ({ spec }: RunPolicy): Problem[] => {
  try {
    toLabelMatcher(spec.nodes ?? {});
    return [];
  } catch (error) {
    return [{ field: 'spec.nodes', message: error instanceof Error ? error.message : String(error) }];
  }
};

const check = (o: KubeObject): Problem[] => {
  const { subjects = [], rules = [] } = policy(o).spec;
  const names = rules.map(({ name }) => name);
  return [
    ...subjects.flatMap((subject: BindingSubject, index) =>
      subjectProblems(subject, `spec.subjects[${index}]`),
    ),
    ...selectorProblems(policy(o)),
    ...allowProblems(policy(o)),
    ...rules.flatMap((rule, index) => ruleProblems(rule, `spec.rules[${index}].match`)),
    ...names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [{ field: `spec.rules[${index}].name`, message: `"${name}" stands twice` }],
    ),
  ];
};

const subjectWords = (o: KubeObject): string =>
  policy(o).spec.subjects?.map(subjectKey).join(', ') ?? 'everybody';

const nodeWords = (o: KubeObject): string => {
  const { matchLabels = {}, matchExpressions = [] } = policy(o).spec.nodes ?? {};
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) =>
    [key, operator, ...(values.length === 0 ? [] : [`(${values.join(' ')})`])].join(' '),
  );
  return [...labels, ...others].join(', ') || 'all';
};

const allowWords = (o: KubeObject): string => {
  const { allow } = policy(o).spec;
  if (allow === undefined) return '';
  const { commands, users, windows } = allow;
  const parts = [
    commands === undefined
      ? 'any command'
      : `${commands.length} ${commands.length === 1 ? 'command' : 'commands'}`,
    users === undefined ? '' : `as ${users.join(', ')}`,
    windows === undefined ? '' : 'in windows',
  ];
  return parts.filter((part) => part !== '').join(' ');
};

/** '9 Deny, 3 Log' */
const ruleWords = (o: KubeObject): string => {
  const { rules = [] } = policy(o).spec;
  return (['Deny', 'Ask', 'Log'] as const)
    .map((action) => [rules.filter((rule) => rule.action === action).length, action] as const)
    .filter(([count]) => count > 0)
    .map(([count, action]) => `${count} ${action}`)
    .join(', ');
};

export const runPolicyKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'RunPolicy',
  plural: 'runpolicies',
  singular: 'runpolicy',
  shortNames: ['rp'],
  categories: [],
  scope: 'Cluster',
  schema: RunPolicy,
  columns: [
    textColumn('Subjects', 'Whom it binds', 0, subjectWords),
    textColumn('Nodes', 'Labels of the nodes', 0, nodeWords),
    textColumn('Allows', 'What they may do there', 0, allowWords),
    textColumn('Rules', 'Rules by what they do', 0, ruleWords),
    textColumn('Description', 'What it is for', 1, (o) => policy(o).spec.description ?? ''),
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  check,
  normalize: (o) => {
    const { subjects } = policy(o).spec;
    if (subjects === undefined) return o;
    return { ...o, spec: { ...policy(o).spec, subjects: withApiGroups(subjects) } };
  },
};
