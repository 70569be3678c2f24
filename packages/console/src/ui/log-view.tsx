// A log of any length: only the lines in sight are in the page. It is searched, followed, wrapped.
import { Toolbar, ToolbarContent, ToolbarGroup } from '@patternfly/react-core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { plainText } from './ansi.ts';
import { LogControls } from './log-controls.tsx';
import type { LogView as Lines, LogLine } from './log-lines.ts';
import { LineText, logStyle } from './log-text.tsx';

const linePixels = 21;
const bottomPixels = 40;

export interface LogViewProps {
  readonly label: string;
  readonly log: Lines;
  /** Each line begins with its node. */
  readonly showsNodes?: boolean;
  /** More may come: it can be followed. */
  readonly isLive: boolean;
  /** What is looked for, and what becomes of it when it is typed. */
  readonly find: string;
  readonly onFind: (text: string) => void;
  readonly actions?: ReactNode;
  readonly maxHeight?: string;
}

/** Indexes of the lines that have `find` in them, as they are now. */
const useFound = (log: Lines, find: string): readonly number[] =>
  useMemo(() => {
    if (find === '') return [];
    const wanted = find.toLowerCase();
    return log.lines.flatMap(({ text }, index) =>
      plainText(text).toLowerCase().includes(wanted) ? [index] : [],
    );
  }, [log, find]);

interface LineProps extends Pick<LogLine, 'node' | 'stream' | 'text' | 'from'> {
  readonly find: string;
  readonly showsNode: boolean;
  readonly isWrapped: boolean;
  readonly isCurrent: boolean;
}

/** By what it shows, as a line that is not whole yet grows. */
const Line = memo(({ node, stream, text, from, find, showsNode, isWrapped, isCurrent }: LineProps) => {
  const { t } = useTranslation();
  const isError = stream === 'stderr';
  return (
    <div
      style={{
        minHeight: linePixels,
        padding: '0 0.75rem',
        whiteSpace: isWrapped ? 'pre-wrap' : 'pre',
        overflowWrap: isWrapped ? 'anywhere' : 'normal',
        borderInlineStart: `3px solid ${isError ? '#ff8a80' : 'transparent'}`,
        ...(isError ? { color: '#ffb3ab' } : {}),
        ...(isCurrent ? { background: '#3c3f42' } : {}),
      }}
    >
      {isError ? <span className="pf-v6-screen-reader">{t('ui.log.stderr')}</span> : null}
      {showsNode ? <span style={{ color: '#73c5c5', userSelect: 'none' }}>{`${node}  `}</span> : null}
      <LineText text={text} from={from} find={find} />
    </div>
  );
});

interface ScreenProps extends Pick<LogViewProps, 'label' | 'log' | 'find' | 'isLive' | 'maxHeight'> {
  readonly showsNodes: boolean;
  readonly isWrapped: boolean;
  readonly isFollowed: boolean;
  readonly onFollow: (isFollowed: boolean) => void;
  /** Index of the line that was found and is looked at. */
  readonly current: number | undefined;
}

const Screen = (props: ScreenProps) => {
  const { label, log, find, isLive, maxHeight = '60vh', showsNodes, isWrapped, isFollowed, current } = props;
  const frame = useRef<HTMLDivElement>(null);
  const count = log.lines.length;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => linePixels,
    overscan: 6,
  });
  const total = virtual.getTotalSize();
  // Scrolling is not part of what is rendered: the newest line comes into sight after it is there. Not by the virtualizer, which
  // has the page laid out several times until it is sure to have arrived.
  useEffect(() => {
    if (isFollowed && isLive && frame.current !== null) frame.current.scrollTop = total;
  }, [isFollowed, isLive, total]);
  // As above, for the line that was found.
  useEffect(() => {
    if (current !== undefined) virtual.scrollToIndex(current, { align: 'center' });
  }, [current, virtual]);
  const onScroll = (): void => {
    const element = frame.current;
    if (element === null) return;
    const isAtEnd = element.scrollTop + element.clientHeight > element.scrollHeight - bottomPixels;
    if (!isAtEnd && isFollowed) props.onFollow(false);
  };
  return (
    // A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    <div
      ref={frame}
      role="log"
      aria-label={label}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
      tabIndex={0}
      onWheel={onScroll}
      onKeyUp={onScroll}
      style={{ ...logStyle, minHeight: '8rem', maxHeight, overflow: 'auto' }}
    >
      <div style={{ height: total, position: 'relative', minWidth: '100%' }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const line = log.lines[index];
          return line === undefined ? null : (
            <div
              key={key}
              ref={isWrapped ? virtual.measureElement : undefined}
              data-index={index}
              style={{
                position: 'absolute',
                top: start,
                insetInlineStart: 0,
                minWidth: '100%',
                ...(isWrapped ? { maxWidth: '100%' } : {}),
              }}
            >
              <Line
                node={line.node}
                stream={line.stream}
                text={line.text}
                from={line.from}
                find={find.toLowerCase()}
                showsNode={showsNodes}
                isWrapped={isWrapped}
                isCurrent={index === current}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
};

export const LogView = ({
  label,
  log,
  showsNodes = false,
  isLive,
  find,
  onFind,
  actions,
  maxHeight,
}: LogViewProps) => {
  const { t } = useTranslation();
  const [isWrapped, setWrapped] = useState(!showsNodes);
  const [isFollowed, setFollowed] = useState(true);
  const [at, setAt] = useState(0);
  const found = useFound(log, find);
  const place = found.length === 0 ? 0 : ((at % found.length) + found.length) % found.length;
  return (
    <>
      <Toolbar isStatic inset={{ default: 'insetNone' }}>
        <ToolbarContent>
          <LogControls
            find={find}
            onFind={onFind}
            foundCount={found.length}
            place={place}
            onPlace={setAt}
            isLive={isLive}
            isWrapped={isWrapped}
            onWrap={setWrapped}
            isFollowed={isFollowed}
            onFollow={setFollowed}
          />
          <ToolbarGroup align={{ default: 'alignEnd' }}>{actions}</ToolbarGroup>
        </ToolbarContent>
      </Toolbar>
      {log.dropped === 0 ? null : <p>{t('ui.log.dropped', { count: log.dropped })}</p>}
      <Screen
        // Lines that are not wrapped have one height: what was measured counts no more.
        key={isWrapped ? 'wrapped' : 'plain'}
        label={label}
        log={log}
        find={find}
        isLive={isLive}
        showsNodes={showsNodes}
        isWrapped={isWrapped}
        isFollowed={isFollowed}
        onFollow={setFollowed}
        current={find === '' ? undefined : found[place]}
        {...(maxHeight === undefined ? {} : { maxHeight })}
      />
    </>
  );
};
