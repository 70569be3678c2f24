// Owns a command as one line of text: words parted by blanks, held together by quotes as in a shell. Nothing else is special:
// no variables, no patterns.

/** The words of a line; a quote that is not closed reaches to the end. */
export const toWords = (line: string): readonly string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (char === '\\' && quote !== "'" && at + 1 < line.length) word = (word ?? '') + (line[++at] ?? '');
    else if (quote === '' && (char === '"' || char === "'")) [quote, word] = [char, word ?? ''];
    else if (char === quote) quote = '';
    else if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  return word === undefined ? words : [...words, word];
};

const quoted = (word: string): string =>
  /^[^\s'"\\]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The line that these words are read from. */
export const toLine = (words: readonly string[]): string => words.map(quoted).join(' ');
