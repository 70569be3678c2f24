// Owns how a parameter stands in a text: $(name), and $$( for a "$(" that is meant as it is.
// I1: what is put in is not read again: a value that looks like a placeholder stays what it is.

const placeholder = /\$\$\(|\$\(([^()]*)\)/g;

/** The parameters that a text names. */
export const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(placeholder)].flatMap(([, name]) => (name === undefined ? [] : [name]));

/** The text with its parameters put in (I1). All that it names are among the values. */
export const fillIn = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(placeholder, (whole: string, name: string | undefined) =>
    name === undefined ? '$(' : (values.get(name) ?? whole),
  );

/** The text that fillIn makes this one of, whatever the values are. */
export const asItIs = (text: string): string => text.replaceAll('$(', () => '$$(');
