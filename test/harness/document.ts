// Owns reading documents as something to run: the commands of their console blocks and the output shown below them.
export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** The commands of a document's console blocks, in order. */
export const readSteps = (markdown: string): readonly Step[] =>
  [...markdown.matchAll(/```console\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = '', ...output] = text.trimEnd().split('\n');
      return { command, output };
    });

/** What differs from machine to machine and from time to time: names of runs, numbers, addresses, kernels, ages. */
const shapeOf = (line: string): string =>
  line
    .replace(/\b(run|push|pull|join|retry)-[a-z0-9]{5}\b/g, '$1-*')
    .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME')
    .replace(/^\d+(?=\s+TIME\b)/, 'ROW')
    .replace(/\b\d+ rows, \d+ to \d+/, 'ROWS')
    .replace(/\d\d:\d\d UTC/g, 'TIME')
    .replace(/SHA256:\S+/g, 'SHA256:*')
    .replace(/\b[0-9a-f]{64}\b/g, 'HASH')
    .replace(/\b[0-9a-z]{26}\b/g, 'ID')
    .replace(/^Source: .*/, 'Source: *')
    .replace(/^CA until: .*/, 'CA until: *')
    .replace(/\b(Linux|Kernel:) \d\S+/, '$1 *')
    .replace(/drover\/\d+\.\d+\.\d+\S*/g, 'drover/*')
    .replace(/:\d{4,5}\b/g, ':PORT')
    .replace(/in [\d.]+m?s?/g, 'in *')
    .replace(/\b(\d+[dhms])+\b/g, 'AGE')
    .replace(/\b\d+ B\b/g, 'SIZE')
    .replace(/\s+/g, ' ')
    .trim();

/** Lines that the document shows and the output does not have. */
export const missingLines = (step: Step, output: string): readonly string[] => {
  const got = output.split('\n').map(shapeOf);
  return step.output.map(shapeOf).filter((line) => !got.includes(line));
};

/** Whether a command changes nothing, so that it may be repeated until what it shows has come about. */
export const isLook = ({ command }: Step): boolean =>
  !/[>|&]/.test(command) &&
  /^(drover (nodes|get|describe|events|context|version|node facts|node approve$|(runs|transfers) (list|show|log)|(token|recordings|user|group|session|api-token) list|audit (list|verify))|kubectl get)\b/.test(
    command,
  );
