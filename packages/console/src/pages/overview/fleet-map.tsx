// Every node as one square: at 1,000 nodes still one glance. One stop for the Tab key; arrow keys go from square to square.
import type { Node } from '@drover/api';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { useParameter } from '../../ui/filter.tsx';
import { nodeState } from '../nodes/node-state.tsx';

const modes = ['health', 'os'] as const;
type Mode = (typeof modes)[number];

const stateColours = {
  ready: 'var(--pf-t--global--color--status--success--default)',
  notReady: 'var(--pf-t--global--color--status--danger--default)',
  unknownState: 'var(--pf-t--global--color--status--warning--default)',
  paused: 'var(--pf-t--global--color--status--info--default)',
} as const;

/** Colours that differ also for who sees no red or green (Okabe and Ito, 2008). */
const palette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999999'];

const osOf = ({ status }: Node): string => status?.nodeInfo?.osImage ?? '?';

interface Legend {
  readonly colourOf: (node: Node) => string;
  readonly wordOf: (node: Node) => string;
}

const useLegend = (mode: Mode, nodes: readonly Node[]): Legend => {
  const { t } = useTranslation();
  if (mode === 'health')
    return {
      colourOf: (node) => stateColours[nodeState(node)],
      wordOf: (node) => t(`nodes.${nodeState(node)}`),
    };
  const names = [...new Set(nodes.map(osOf))].sort();
  const last = palette.length - 1;
  return {
    colourOf: (node) => palette[Math.min(names.indexOf(osOf(node)), last)] ?? '',
    wordOf: osOf,
  };
};

const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 0, ArrowUp: 0 };

/** How many squares stand in the first row. */
const rowLength = (squares: readonly HTMLElement[]): number => {
  const next = squares.findIndex(({ offsetTop }) => offsetTop > (squares[0]?.offsetTop ?? 0));
  return next < 0 ? squares.length : next;
};

const move = (event: KeyboardEvent<HTMLElement>): void => {
  const step = steps[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  const squares = [...event.currentTarget.querySelectorAll<HTMLElement>('a')];
  const by =
    event.key === 'ArrowDown' ? rowLength(squares) : event.key === 'ArrowUp' ? -rowLength(squares) : step;
  squares[squares.indexOf(event.target) + by]?.focus();
  event.preventDefault();
};

const sizeFor = (count: number): string => (count > 400 ? '0.75rem' : count > 100 ? '1.25rem' : '2rem');

const LegendLine = ({ nodes, legend }: { readonly nodes: readonly Node[]; readonly legend: Legend }) => {
  const entries = new Map<string, { colour: string; count: number }>();
  for (const node of nodes) {
    const entry = entries.get(legend.wordOf(node)) ?? { colour: legend.colourOf(node), count: 0 };
    entries.set(legend.wordOf(node), { ...entry, count: entry.count + 1 });
  }
  return (
    <ul
      style={{
        display: 'flex',
        flexWrap: 'wrap',
        gap: '0.25rem 1.25rem',
        listStyle: 'none',
        marginBlock: '0.75rem',
        padding: 0,
      }}
    >
      {[...entries].map(([word, { colour, count }]) => (
        <li key={word} style={{ display: 'inline-flex', alignItems: 'center', gap: '0.4rem' }}>
          <span style={{ background: colour, width: '0.75rem', height: '0.75rem', borderRadius: '2px' }} />
          {word} ({count})
        </li>
      ))}
    </ul>
  );
};

export const FleetMap = ({ nodes }: { readonly nodes: readonly Node[] }) => {
  const { t } = useTranslation();
  const [chosen, choose] = useParameter('map');
  const mode: Mode = modes.find((one) => one === chosen) ?? 'health';
  const legend = useLegend(mode, nodes);
  const size = sizeFor(nodes.length);
  return (
    <>
      <ToggleGroup aria-label={t('overview.colour')}>
        {modes.map((one) => (
          <ToggleGroupItem
            key={one}
            buttonId={`map-${one}`}
            text={t(one === 'health' ? 'overview.byHealth' : 'overview.byOs')}
            isSelected={one === mode}
            onChange={() => choose(one === 'health' ? '' : one)}
          />
        ))}
      </ToggleGroup>
      <LegendLine nodes={nodes} legend={legend} />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys move between the links inside */}
      <div
        onKeyDown={move}
        style={{ display: 'flex', flexWrap: 'wrap', gap: '3px' }}
        title={t('overview.mapHint')}
      >
        {nodes.map((node, index) => {
          const name = node.metadata.name ?? '';
          const words = `${name}: ${legend.wordOf(node)}`;
          return (
            <Link
              key={name}
              to={paths.node(name)}
              aria-label={words}
              title={words}
              tabIndex={index === 0 ? 0 : -1}
              style={{ width: size, height: size, borderRadius: '3px', background: legend.colourOf(node) }}
            />
          );
        })}
      </div>
    </>
  );
};
