// Owns the screen of a terminal in the page: xterm, fetched when it is first needed.
// I1: the <style> elements that it makes carry the page's nonce, without which its policy refuses them.
// I2: what it says in style attributes (24-bit colours) is set by script, which the policy lets be.
import '@xterm/xterm/css/xterm.css';
import { nonce } from './nonce.ts';

export interface Screen {
  write(text: string): void;
  resize(columns: number, rows: number): void;
  /** As it was in the beginning: nothing on it. */
  reset(): void;
  close(): void;
}

/** I2: an attribute would be refused, what it says is not. */
function setAttributeSafely(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

/** I1, I2. */
const createSafely = (document: Document, name: string): HTMLElement => {
  const element = Document.prototype.createElement.call(document, name);
  if (name === 'style') element.nonce = nonce();
  if (name === 'span') element.setAttribute = setAttributeSafely;
  return element;
};

/** The document as xterm sees it that makes elements. */
const safely = (document: Document): Document =>
  new Proxy(document, {
    get: (target, key) => {
      if (key === 'createElement') return (name: string) => createSafely(target, name);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** Some of its parts ask the document of the window, whatever it is told: while it opens, that makes them safely too. */
const openSafely = (document: Document, open: () => void): void => {
  document.createElement = (name: string) => createSafely(document, name);
  try {
    open();
  } finally {
    Reflect.deleteProperty(document, 'createElement');
  }
};

const fontPixels = 13;

/** The font of code, once it is there: what is measured before would be another. */
const loadFont = async ({ ownerDocument }: HTMLElement): Promise<string> => {
  const family = getComputedStyle(ownerDocument.documentElement)
    .getPropertyValue('--pf-t--global--font--family--mono')
    .trim();
  await ownerDocument.fonts.load(`${fontPixels}px ${family}`).catch(() => undefined);
  return family === '' ? 'monospace' : family;
};

/** A screen that only shows; nobody types into it. */
export const openScreen = async (
  host: HTMLElement,
  { columns, rows, label }: { readonly columns: number; readonly rows: number; readonly label: string },
): Promise<Screen> => {
  const [{ Terminal }, fontFamily] = await Promise.all([import('@xterm/xterm'), loadFont(host)]);
  const terminal = new Terminal({
    cols: columns,
    rows,
    disableStdin: true,
    scrollback: 5_000,
    fontFamily,
    fontSize: fontPixels,
    documentOverride: safely(host.ownerDocument),
  });
  openSafely(host.ownerDocument, () => terminal.open(host));
  terminal.textarea?.setAttribute('aria-label', label);
  return {
    write: (text) => terminal.write(text),
    resize: (wide, high) => terminal.resize(wide, high),
    reset: () => terminal.reset(),
    close: () => terminal.dispose(),
  };
};
