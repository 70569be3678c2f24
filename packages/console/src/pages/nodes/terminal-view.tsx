// A terminal in the page: xterm in front of a shell on the node. Fetched when a terminal is first opened.
import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { openShell, type ShellEnd } from '../../api/shell.ts';
import { allowSpanStyles, openStyled } from './terminal-styles.ts';

allowSpanStyles();

const makeTerminal = (): Terminal =>
  new Terminal({
    screenReaderMode: true,
    cursorBlink: true,
    scrollback: 10_000,
    fontFamily: 'monospace',
    fontSize: 14,
  });

/** Ctrl+C is the server's: copying has Ctrl+Shift+C, as in other terminals. Pasting is the browser's own. */
const copyByKey = (terminal: Terminal): void =>
  terminal.attachCustomKeyEventHandler((event) => {
    if (!event.ctrlKey || !event.shiftKey || event.code !== 'KeyC') return true;
    if (event.type === 'keydown' && terminal.hasSelection())
      void navigator.clipboard.writeText(terminal.getSelection());
    event.preventDefault();
    return false;
  });

/** Shows one shell in the element, until the cleaning up that it answers. */
const show = (
  place: HTMLElement,
  wish: { readonly node: string; readonly user: string },
  { onOpen, onEnd }: { readonly onOpen: () => void; readonly onEnd: (end: ShellEnd) => void },
): (() => void) => {
  const terminal = makeTerminal();
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  openStyled(document, () => terminal.open(place));
  fit.fit();
  copyByKey(terminal);
  const shell = openShell(
    { ...wish, columns: terminal.cols, rows: terminal.rows },
    {
      onOpen: () => {
        terminal.focus();
        onOpen();
      },
      onOutput: (data) => terminal.write(data),
      onEnd: (end) => {
        terminal.options.disableStdin = true;
        onEnd(end);
      },
    },
  );
  terminal.onData((text) => shell.write(text));
  terminal.onBinary((text) => shell.writeBytes(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  terminal.onResize(({ cols, rows }) => shell.resize(cols, rows));
  const watcher = new ResizeObserver(() => fit.fit());
  watcher.observe(place);
  return () => {
    watcher.disconnect();
    shell.close();
    terminal.dispose();
  };
};

export const TerminalView = ({
  node,
  user,
  onOpen,
  onEnd,
}: {
  readonly node: string;
  readonly user: string;
  readonly onOpen: () => void;
  readonly onEnd: (end: ShellEnd) => void;
}) => {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const listener = useRef({ onOpen, onEnd });
  listener.current = { onOpen, onEnd };
  // xterm draws into an element of its own, and the shell lives as long as that is shown.
  useEffect(() => {
    if (place.current === null) return undefined;
    return show(
      place.current,
      { node, user },
      { onOpen: () => listener.current.onOpen(), onEnd: (end) => listener.current.onEnd(end) },
    );
  }, [node, user]);
  return (
    <section
      ref={place}
      aria-label={t('nodes.terminal.screen', { node })}
      style={{ height: '60vh', minHeight: '16rem', background: '#000' }}
    />
  );
};
