// Owns what the escape sequences of terminals mean in a log: colours and weight are shown (ECMA-48 SGR), all others are left out.
// Logs stand on a dark ground in both themes, as the programs that colour them expect.

export const logGround = '#151515';
export const logText = '#f0f0f0';

export interface Style {
  readonly colour?: string;
  readonly background?: string;
  readonly bold?: boolean;
  readonly underline?: boolean;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** The 16 colours of terminals; each stands out from `logGround` (WCAG 1.4.3), black aside. */
const palette = [
  ...['#6a6e73', '#ff8a80', '#7cc674', '#f4c145', '#73bcf7', '#d2a8ff', '#73c5c5', '#d2d2d2'],
  ...['#8a8d90', '#ffb3ab', '#a8e0a0', '#f9e0a2', '#a8d8ff', '#e2c8ff', '#a2d9d9', '#ffffff'],
] as const;

const cube = [0, 95, 135, 175, 215, 255] as const;

const indexed = (index: number): string | undefined => {
  if (index < 16) return palette[index];
  if (index < 232) {
    const [red, green, blue] = [36, 6, 1].map((size) => cube[Math.floor((index - 16) / size) % 6]);
    return `rgb(${red} ${green} ${blue})`;
  }
  const grey = 8 + (index - 232) * 10;
  return index < 256 ? `rgb(${grey} ${grey} ${grey})` : undefined;
};

/** 38 and 48 take what follows; resolves to the colour and how many codes it took. */
const extended = (codes: readonly number[], at: number): readonly [string | undefined, number] => {
  if (codes[at] === 5) return [indexed(codes[at + 1] ?? 0), 2];
  const [red = 0, green = 0, blue = 0] = codes.slice(at + 1, at + 4);
  return codes[at] === 2 ? [`rgb(${red} ${green} ${blue})`, 4] : [undefined, 1];
};

const without = (style: Style, key: keyof Style): Style => ({ ...style, [key]: undefined });

const paint = (style: Style, key: 'colour' | 'background', value: string | undefined): Style =>
  value === undefined ? style : { ...style, [key]: value };

const apply = (before: Style, codes: readonly number[]): Style => {
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) style = {};
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 4) style = { ...style, underline: true };
    else if (code === 22) style = without(style, 'bold');
    else if (code === 24) style = without(style, 'underline');
    else if (code === 39) style = without(style, 'colour');
    else if (code === 49) style = without(style, 'background');
    else if (code >= 30 && code <= 37) style = paint(style, 'colour', palette[code - 30]);
    else if (code >= 90 && code <= 97) style = paint(style, 'colour', palette[code - 82]);
    else if (code >= 40 && code <= 47) style = paint(style, 'background', palette[code - 40]);
    else if (code >= 100 && code <= 107) style = paint(style, 'background', palette[code - 92]);
    else if (code === 38 || code === 48) {
      const [colour, taken] = extended(codes, at + 1);
      style = paint(style, code === 38 ? 'colour' : 'background', colour);
      at += taken;
    }
  }
  return style;
};

// CSI ... final byte; OSC ... BEL or ST; other escapes of one letter; control characters but the tab.
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /\x1b\[([0-9:;<=>?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Parts of a line, and the style in which the next line begins. */
export const toSpans = (
  line: string,
  from: Style = {},
): { readonly spans: readonly Span[]; readonly to: Style } => {
  // What a carriage return goes back over was a progress display: its last state counts.
  const text = line.slice(line.lastIndexOf('\r', line.length - 2) + 1);
  const spans: Span[] = [];
  let style = from;
  let end = 0;
  const push = (piece: string): void => {
    if (piece !== '') spans.push({ text: piece, style });
  };
  for (const found of text.matchAll(sequences)) {
    push(text.slice(end, found.index));
    end = found.index + found[0].length;
    if (found[2] === 'm') style = apply(style, (found[1] ?? '').split(/[;:]/).map(Number));
  }
  push(text.slice(end));
  return { spans, to: style };
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\x00-\x08\x0b-\x1f\x7f]/;

/** What a person reads of a line: for searching. */
export const plainText = (line: string): string =>
  control.test(line)
    ? toSpans(line)
        .spans.map(({ text }) => text)
        .join('')
    : line;
