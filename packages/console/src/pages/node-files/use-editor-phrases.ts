// Owns CodeMirror's own words in the language of the page.
import { useTranslation } from 'react-i18next';

/** CodeMirror knows its words by their English. */
const words = [
  ['Find', 'find'],
  ['Replace', 'replaceWith'],
  ['next', 'next'],
  ['previous', 'previous'],
  ['all', 'all'],
  ['match case', 'matchCase'],
  ['regexp', 'regexp'],
  ['by word', 'byWord'],
  ['replace', 'replace'],
  ['replace all', 'replaceAll'],
  ['close', 'close'],
] as const;

export const useEditorPhrases = (): Readonly<Record<string, string>> => {
  const { t } = useTranslation();
  return Object.fromEntries(words.map(([english, key]) => [english, t(`transfers.editor.${key}`)]));
};
