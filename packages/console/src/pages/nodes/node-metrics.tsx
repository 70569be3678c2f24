// What the node uses, live: a line for each measure, from when the page was opened.
import type { NodeMetrics as Metrics, Node } from '@drover/api';
import type { WatchEvent } from '@drover/client';
import { nodeMetrics } from '@drover/client/kinds';
import { resumed } from '@drover/client/resume';
import { Card, CardBody, CardTitle, Content, Gallery } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { type Followed, useFollowed } from '../../api/followed.ts';
import { Age } from '../../ui/age.tsx';
import { toBytes, toPercent } from '../../ui/quantity.ts';
import { Sparkline } from '../../ui/sparkline.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { nameOf } from './node-columns.tsx';
import { toUse, type Use } from './usage.ts';

/** An hour of heartbeats. */
const maxSamples = 360;

/** Ends with the page only: a watch that the controller ends is begun anew. */
async function* heartbeats(name: string, signal: AbortSignal): AsyncGenerator<WatchEvent<Metrics>> {
  const options = {
    fieldSelector: `metadata.name=${name}`,
    sendInitialEvents: true,
    allowWatchBookmarks: true,
    signal,
  };
  while (!signal.aborted)
    yield* resumed(() => client.watch(nodeMetrics, options), { signal, giveUpMs: Number.POSITIVE_INFINITY });
}

/** Oldest first; empty when the agent has gone. */
const useSamples = (name: string): Followed<readonly Metrics[]> =>
  useFollowed<WatchEvent<Metrics>, readonly Metrics[]>(`metrics ${name}`, () => {
    let samples: readonly Metrics[] = [];
    return {
      read: (signal) => heartbeats(name, signal),
      add: ({ type, object }) => {
        if (type === 'BOOKMARK') return;
        // After a cut the newest comes once more.
        if (type === 'DELETED') samples = [];
        else if (object.timestamp !== samples.at(-1)?.timestamp)
          samples = [...samples, object].slice(-maxSamples);
      },
      view: () => samples,
    };
  });

interface Measure {
  readonly key: 'cpuUse' | 'memory' | 'disk' | 'load' | 'runningTasks';
  readonly of: (use: Use) => number | undefined;
  readonly words: (use: Use, language: string) => string;
  /** Of the line; absent: the highest there was. */
  readonly max?: number;
}

const share = (value: number | undefined, language: string): string =>
  value === undefined ? '–' : toPercent(value, language);
const size = (bytes: number | undefined, language: string): string =>
  bytes === undefined ? '' : ` (${toBytes(bytes, language)})`;
const plain = (value: number | undefined, language: string): string =>
  value === undefined ? '–' : new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value);

const measures: readonly Measure[] = [
  { key: 'cpuUse', of: ({ cpuShare }) => cpuShare, words: ({ cpuShare }, l) => share(cpuShare, l), max: 1 },
  {
    key: 'memory',
    of: ({ memoryShare }) => memoryShare,
    words: ({ memoryShare, memoryBytes }, l) => `${share(memoryShare, l)}${size(memoryBytes, l)}`,
    max: 1,
  },
  {
    key: 'disk',
    of: ({ diskShare }) => diskShare,
    words: ({ diskShare, diskBytes }, l) => `${share(diskShare, l)}${size(diskBytes, l)}`,
    max: 1,
  },
  { key: 'load', of: ({ load1 }) => load1, words: ({ load1 }, l) => plain(load1, l) },
  { key: 'runningTasks', of: ({ tasks }) => tasks, words: ({ tasks }, l) => plain(tasks, l) },
];

const MeasureCard = ({ measure, uses }: { readonly measure: Measure; readonly uses: readonly Use[] }) => {
  const { t, i18n } = useTranslation();
  const title = t(`nodes.${measure.key}`);
  const words = measure.words(uses.at(-1) ?? {}, i18n.language);
  const values = uses.map(measure.of).filter((value) => value !== undefined);
  return (
    <Card isFullHeight>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        <Content component="p">{words}</Content>
        <Sparkline
          label={t('nodes.metrics.line', { title, words })}
          values={values.length === 1 ? [...values, ...values] : values}
          {...(measure.max === undefined ? {} : { max: measure.max })}
        />
      </CardBody>
    </Card>
  );
};

export const NodeMetrics = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const { value, state, error, retry } = useSamples(nameOf(node));
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  if (state === 'waiting') return <Loading />;
  if (value.length === 0)
    return <Nothing title={t('nodes.metrics.none')}>{t('nodes.metrics.noneBody')}</Nothing>;
  const uses = value.map((sample) => toUse(sample, node));
  return (
    <>
      <Content component="p">
        {t('nodes.metrics.live', { count: value.length })} <Age at={value[0]?.timestamp} />
      </Content>
      <Gallery hasGutter minWidths={{ default: '16rem' }}>
        {measures.map((measure) => (
          <MeasureCard key={measure.key} measure={measure} uses={uses} />
        ))}
      </Gallery>
    </>
  );
};
