// Owns which of many names somebody means: a pure function of what was typed.

export interface Target {
  readonly key: string;
  readonly title: string;
  /** What it is, beside the title. */
  readonly kind: string;
  readonly to: string;
}

const max = 50;

/** Lower is nearer; undefined: not meant. Every word must be found, in the title or its kind. */
const distance = ({ title, kind }: Target, words: readonly string[]): number | undefined => {
  const name = title.toLowerCase();
  const all = `${name} ${kind.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return undefined;
  const first = words[0] ?? '';
  if (name === first) return 0;
  if (name.startsWith(first)) return 1;
  return name.includes(first) ? 2 : 3;
};

/** The nearest first, those of one distance in their own order; at most 50. */
export const ranked = (targets: readonly Target[], text: string): readonly Target[] => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return targets
    .map((target, index) => ({ target, index, far: distance(target, words) }))
    .filter(({ far }) => far !== undefined)
    .sort((a, b) => (a.far ?? 0) - (b.far ?? 0) || a.index - b.index)
    .slice(0, max)
    .map(({ target }) => target);
};
