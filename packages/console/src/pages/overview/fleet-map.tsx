// Every node as one square: at 1,000 nodes still one glance. One stop for the Tab key; arrow keys go from square to square.
import type { Node } from '@drover/api';
import { Flex, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { type KeyboardEvent, memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { useParameter } from '../../ui/filter.tsx';
import { type Use, useUses } from '../nodes/usage.ts';
import { type Looks, type MapMode, mapModes, useLooks } from './map-look.ts';
import { MapTable } from './map-table.tsx';

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

const LegendLine = ({ nodes, looks }: { readonly nodes: readonly Node[]; readonly looks: Looks }) => {
  const entries = new Map<string, { sample: string; count: number }>();
  for (const node of nodes) {
    const { group, sample } = looks.lookOf(node);
    entries.set(group, { sample, count: (entries.get(group)?.count ?? 0) + 1 });
  }
  const ordered = [...entries].sort(([a], [b]) => looks.order(a, b));
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
      {ordered.map(([word, { sample, count }]) => (
        <li key={word} style={{ display: 'inline-flex', alignItems: 'center', gap: '0.4rem' }}>
          <span style={{ background: sample, width: '0.75rem', height: '0.75rem', borderRadius: '2px' }} />
          {word} ({count})
        </li>
      ))}
    </ul>
  );
};

interface SquareProps {
  readonly name: string;
  readonly word: string;
  readonly background: string;
  readonly size: string;
  readonly isFirst: boolean;
}

/** One node's news makes one square anew, not a thousand. */
const Square = memo(({ name, word, background, size, isFirst }: SquareProps) => (
  <Link
    to={paths.node(name)}
    aria-label={`${name}: ${word}`}
    title={`${name}: ${word}`}
    tabIndex={isFirst ? 0 : -1}
    style={{ width: size, height: size, borderRadius: '3px', background }}
  />
));

interface ShownProps {
  readonly nodes: readonly Node[];
  readonly mode: MapMode;
  readonly isTable: boolean;
  readonly uses: ReadonlyMap<string, Use>;
}

const Shown = ({ nodes, mode, isTable, uses }: ShownProps) => {
  const { t } = useTranslation();
  const looks = useLooks(mode, nodes, uses);
  const size = sizeFor(nodes.length);
  return (
    <>
      <LegendLine nodes={nodes} looks={looks} />
      {isTable ? (
        <MapTable nodes={nodes} uses={uses} />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the keys move between the links inside
        <div
          onKeyDown={move}
          style={{ display: 'flex', flexWrap: 'wrap', gap: '3px' }}
          title={t('overview.mapHint')}
        >
          {nodes.map((node, index) => {
            const { name = '' } = node.metadata;
            const { word, background } = looks.lookOf(node);
            return <Square key={name} isFirst={index === 0} {...{ name, word, background, size }} />;
          })}
        </div>
      )}
    </>
  );
};

const noUses: ReadonlyMap<string, Use> = new Map();

/** What nodes use is followed only while it is shown. */
const ShownWithUses = (props: Omit<ShownProps, 'uses'>) => <Shown {...props} uses={useUses(props.nodes)} />;

export const FleetMap = ({ nodes }: { readonly nodes: readonly Node[] }) => {
  const { t } = useTranslation();
  const [chosen, choose] = useParameter('map');
  const [form, setForm] = useParameter('mapAs');
  const mode = mapModes.find((one) => one === chosen) ?? 'health';
  const isTable = form === 'table';
  const shown = { nodes, mode, isTable };
  return (
    <>
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
        <ToggleGroup aria-label={t('overview.colour')} style={{ flexWrap: 'wrap' }}>
          {mapModes.map((one) => (
            <ToggleGroupItem
              key={one}
              buttonId={`map-${one}`}
              text={t(`overview.by.${one}`)}
              isSelected={one === mode}
              onChange={() => choose(one === 'health' ? '' : one)}
            />
          ))}
        </ToggleGroup>
        <ToggleGroup aria-label={t('overview.mapForm')}>
          <ToggleGroupItem
            buttonId="map-table"
            text={t('overview.asTable')}
            isSelected={isTable}
            onChange={() => setForm(isTable ? '' : 'table')}
          />
        </ToggleGroup>
      </Flex>
      {isTable || mode === 'cpu' || mode === 'memory' ? (
        <ShownWithUses {...shown} />
      ) : (
        <Shown {...shown} uses={noUses} />
      )}
    </>
  );
};
