// Owns the completion scripts of bash, zsh and fish, made from the commands themselves.
import type { CommandOutline } from './outline.ts';

const common = ['--help', '--context', '--context-file'];

interface Entry {
  /** 'node add'; '' for drover itself. */
  readonly path: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
  readonly subcommands: readonly CommandOutline[];
}

const toEntries = (outline: CommandOutline): readonly Entry[] => [
  {
    path: outline.words.join(' '),
    words: outline.subcommands.map((child) => child.words.at(-1) ?? ''),
    options: [...outline.options.map((option) => option.long), ...common],
    subcommands: outline.subcommands,
  },
  ...outline.subcommands.flatMap(toEntries),
];

const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const bash = (outline: CommandOutline): string => {
  const cases = toEntries(outline).map(
    (entry) => `    ${single(entry.path)}) words=${single([...entry.words, ...entry.options].join(' '))} ;;`,
  );
  return `# bash completion of drover; load it with: source <(drover completion bash)
_drover() {
  local word current=\${COMP_WORDS[COMP_CWORD]} path='' words='' at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    [[ $word == -- ]] && { COMPREPLY=(); return; }
    [[ $word == -* ]] && continue
    case "$path $word" in
${toEntries(outline)
  .filter((entry) => entry.path !== '')
  .map(
    (entry) =>
      `      ${single(entry.path.includes(' ') ? entry.path : ` ${entry.path}`)}) path=${single(entry.path)} ;;`,
  )
  .join('\n')}
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _drover drover
`;
};

const zsh = (outline: CommandOutline): string => {
  const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
  const cases = toEntries(outline).map((entry) => {
    const found = [
      ...entry.subcommands.map((child) => `${child.words.at(-1)}:${escaped(child.summary)}`),
      ...entry.options.map(escaped),
    ];
    return `    ${single(entry.path)}) words_=(${found.map(single).join(' ')}) ;;`;
  });
  const paths = toEntries(outline)
    .filter((entry) => entry.path !== '')
    .map(
      (entry) =>
        `      ${single(entry.path.includes(' ') ? entry.path : ` ${entry.path}`)}) path_=${single(entry.path)} ;;`,
    );
  return `#compdef drover
# zsh completion of drover; load it with: source <(drover completion zsh)
_drover() {
  local path_='' word; local -a words_
  for word in "\${words[2,CURRENT-1][@]}"; do
    [[ $word == -- ]] && { _files; return; }
    [[ $word == -* ]] && continue
    case "$path_ $word" in
${paths.join('\n')}
    esac
  done
  case "$path_" in
${cases.join('\n')}
  esac
  _describe drover words_ || _files
}
compdef _drover drover
# Loaded by name from a folder of zsh's own: this first call is one already.
[ "$funcstack[1]" = _drover ] && _drover
`;
};

const fishCondition = (path: string): string =>
  path === ''
    ? '__fish_use_subcommand'
    : path
        .split(' ')
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join('; and ');

const fish = (outline: CommandOutline): string => {
  const lines = toEntries(outline).flatMap((entry) => [
    ...entry.subcommands.map(
      (child) =>
        `complete -c drover -n ${single(fishCondition(entry.path))} -a ${single(child.words.at(-1) ?? '')} -d ${single(child.summary)}`,
    ),
    ...entry.options.map(
      (option) =>
        `complete -c drover -n ${single(fishCondition(entry.path))} -l ${single(option.replace(/^--?/, ''))}`,
    ),
  ]);
  return `# fish completion of drover; load it with: drover completion fish | source\n${lines.join('\n')}\n`;
};

export const completionScripts: Readonly<Record<string, (outline: CommandOutline) => string>> = {
  bash,
  zsh,
  fish,
};
