// Owns the form of the reference page docs/user/cli.md.
import type { CommandOutline } from './outline.ts';

const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');

const table = (
  headings: readonly [string, string],
  rows: readonly (readonly [string, string])[],
): string[] =>
  rows.length === 0
    ? []
    : [
        `| ${headings.join(' | ')} |`,
        '|---|---|',
        ...rows.map(([left, right]) => `| \`${left.replaceAll('|', '\\|')}\` | ${cell(right)} |`),
        '',
      ];

const section = (outline: CommandOutline): string[] => {
  const depth = outline.words.length === 1 ? '##' : '###';
  return [
    `${depth} drover ${outline.words.join(' ')}`,
    '',
    `${outline.summary}.`,
    '',
    ...(outline.subcommands.length === 0 ? ['```', outline.usage, '```', ''] : []),
    ...table(
      ['argument', 'meaning'],
      outline.arguments.flatMap(({ name, description }) =>
        description === '' ? [] : [[name, description] as const],
      ),
    ),
    ...table(
      ['option', 'meaning'],
      outline.options.map(({ flags, description }) => [flags, description] as const),
    ),
    ...outline.subcommands.flatMap(section),
  ];
};

const head = `# The drover command

This page is made from the commands themselves (\`node scripts/gen-cli-docs.ts\`); change it there.

Every command takes \`--context <name>\` (a controller remembered by \`drover login\`) and \`--context-file <file>\`
(a file such as the controller's \`admin.json\`); \`drover help <command>\` shows its help. Which controller is talked
to: \`--context-file\`, else \`--context\`, else the file that \`DROVER_CONTEXT\` names, else the current context of
\`~/.config/drover/config.json\` (\`DROVER_CONFIG\` names another file), else \`var/admin.json\` of this installation.

Results go to standard output, everything about them (progress, summaries, warnings) to standard error. Colours
appear on terminals only, and never with \`NO_COLOR\`.

| exit code | meaning |
|---|---|
| 0 | all ok |
| 1 | something failed: a node, an object, a file |
| 2 | wrong usage |
| 3 | the controller is not reachable or cannot be trusted |

\`drover shell\` ends with the exit code of the shell.
`;

export const toReferencePage = (program: CommandOutline): string =>
  `${[head, ...program.subcommands.flatMap(section)].join('\n').trimEnd()}\n`;
