// Owns what of a command line may stand in the audit trail, and of other words in a support bundle. Pure.
// I1: what looks like a secret is masked: the value of an option or variable with such a name, the word behind such an
//     option, a password in an address, a token of ours. It is a net for mistakes, not a proof: secrets belong in
//     env and stdin, which are never recorded.
// I2: a row stays small: at most `maxWords` words of at most `maxLength` characters.
const maxWords = 64;
const maxLength = 256;
const mask = '***';

const secretName = String.raw`[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|authorization)[\w.-]*`;
/** name=value or name: value, also inside a longer word such as the text behind `sh -c`. */
const assignment = new RegExp(String.raw`\b(${secretName})(\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s;&|]+)`, 'gi');
/** --name value in one word. */
const spoken = new RegExp(String.raw`(--?${secretName}\s+)("[^"]*"|'[^']*'|[^\s;&|-][^\s;&|]*)`, 'gi');
const option = new RegExp(`^--?${secretName}$`, 'i');
const inAddress = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi;
const bearer = /\b(bearer|basic)\s+\S+/gi;
const ownToken = /\b(?:drover_[\w-]{20,}|[\w.-]+\.[\w-]{43})(?![\w-])/g;

/** A text in which what looks like a secret is masked (I1). */
export const redactText = (text: string): string =>
  text
    .replace(inAddress, `$1${mask}@`)
    .replace(bearer, `$1 ${mask}`)
    .replace(assignment, `$1$2${mask}`)
    .replace(spoken, `$1${mask}`)
    .replace(ownToken, mask);

const cut = (word: string): string => (word.length > maxLength ? `${word.slice(0, maxLength)}...` : word);

export const redactArgv = (argv: readonly string[]): readonly string[] => {
  const words = argv.slice(0, maxWords).map((word, index) => {
    const isValue = option.test(argv[index - 1] ?? '') && !word.startsWith('-');
    // Cut first, with room for what is masked: the patterns then never meet a huge word.
    return isValue ? mask : cut(redactText(word.slice(0, 4 * maxLength)));
  });
  return argv.length > maxWords ? [...words, `... and ${argv.length - maxWords} more`] : words;
};
