// Owns how a square of the map looks, and in which words the same is told.
// I1: nothing is told by colour alone: what is used is how high a square is filled, what is not well is striped.
import type { Node } from '@drover/api';
import { useTranslation } from 'react-i18next';
import { toPercent } from '../../ui/quantity.ts';
import { type NodeState, nodeState } from '../nodes/node-state.tsx';
import type { Use } from '../nodes/usage.ts';

export const mapModes = ['health', 'cpu', 'memory', 'os'] as const;
export type MapMode = (typeof mapModes)[number];

export interface Look {
  /** As CSS has it. */
  readonly background: string;
  /** Of this node. */
  readonly word: string;
  /** What it is counted under in the legend, which shows `sample` beside it. */
  readonly group: string;
  readonly sample: string;
}

const ready = 'var(--pf-t--global--color--status--success--default)';
const paused = 'var(--pf-t--global--color--status--info--default)';
const warning = 'var(--pf-t--global--color--status--warning--default)';
const danger = 'var(--pf-t--global--color--status--danger--default)';
const ground = 'var(--pf-t--global--background--color--disabled--default)';

/** I1. */
const striped = (colour: string, degrees: number): string =>
  `repeating-linear-gradient(${degrees}deg, ${colour} 0 3px, ${ground} 3px 4px)`;

const states: Readonly<Record<NodeState, string>> = {
  notReady: striped(danger, 45),
  unknownState: striped(warning, 135),
  paused: striped(paused, 90),
  ready,
};
/** As the legend has them: what needs looking at first. */
const stateOrder = Object.keys(states);

/** Colours that differ also for who sees no red or green (Okabe and Ito, 2008). */
const palette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999999'];

export const osOf = ({ status }: Node): string => status?.nodeInfo?.osImage ?? '?';

/** Shares at which a bar of use changes its colour (ui/usage-bar.tsx), and the half. */
const bands = [
  { from: 0.95, colour: '#d55e00' },
  { from: 0.8, colour: '#e69f00' },
  { from: 0.5, colour: '#0072b2' },
  { from: 0, colour: '#56b4e9' },
] as const;

/** I1. Something is seen of what is hardly used. */
const filled = (colour: string, share: number): string => {
  const height = `${Math.max(10, Math.round(share * 100))}%`;
  return `linear-gradient(to top, ${colour} ${height}, ${ground} ${height})`;
};

export interface Looks {
  readonly lookOf: (node: Node) => Look;
  /** Of two groups of the legend, which is first. */
  readonly order: (a: string, b: string) => number;
}

const useHealth = (): Looks => {
  const { t } = useTranslation();
  const groups = stateOrder.map((state) => String(t(`nodes.${state as NodeState}`))); // keys of `states`
  return {
    lookOf: (node) => {
      const state = nodeState(node);
      const word = t(`nodes.${state}`);
      return { background: states[state], word, group: word, sample: states[state] };
    },
    order: (a, b) => groups.indexOf(a) - groups.indexOf(b),
  };
};

const osLooks = (nodes: readonly Node[]): Looks => {
  const names = [...new Set(nodes.map(osOf))].sort();
  const last = palette.length - 1;
  return {
    lookOf: (node) => {
      const word = osOf(node);
      const background = palette[Math.min(names.indexOf(word), last)] ?? '';
      return { background, word, group: word, sample: background };
    },
    order: (a, b) => (a < b ? -1 : 1),
  };
};

const useUsed = (shareOf: (name: string) => number | undefined): Looks => {
  const { t, i18n } = useTranslation();
  const percent = (share: number): string => toPercent(share, i18n.language);
  const unknown: Look = { background: ground, word: t('ui.unknown'), group: t('ui.unknown'), sample: ground };
  const bandWords = bands.map(({ from }, index) => {
    const below = bands[index - 1]?.from;
    return below === undefined ? `≥ ${percent(from)}` : `${percent(from)} – ${percent(below)}`;
  });
  return {
    lookOf: ({ metadata: { name = '' } }) => {
      const share = shareOf(name);
      const index = bands.findIndex(({ from }) => share !== undefined && share >= from);
      const band = bands[index];
      if (share === undefined || band === undefined) return unknown;
      return {
        background: filled(band.colour, share),
        word: percent(share),
        group: bandWords[index] ?? '',
        sample: filled(band.colour, bands[index - 1]?.from ?? 1),
      };
    },
    order: (a, b) => [...bandWords, unknown.group].indexOf(a) - [...bandWords, unknown.group].indexOf(b),
  };
};

export const useLooks = (mode: MapMode, nodes: readonly Node[], uses: ReadonlyMap<string, Use>): Looks => {
  const health = useHealth();
  const used = useUsed((name) => (mode === 'cpu' ? uses.get(name)?.cpuShare : uses.get(name)?.memoryShare));
  switch (mode) {
    case 'health':
      return health;
    case 'cpu':
    case 'memory':
      return used;
    case 'os':
      return osLooks(nodes);
    default:
      return mode satisfies never;
  }
};
