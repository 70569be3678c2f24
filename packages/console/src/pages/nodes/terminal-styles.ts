// Owns how xterm may style what it draws under the page's policy, which lets no style in but our files and those with the
// page's nonce. Its option documentOverride would do, if all of its parts kept to it (they do not, as of 6.0).

const nonceOf = (page: Document): string =>
  page.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? '';

/** What is opened makes its <style> elements at once: meanwhile each that is made is given the nonce. */
export const openStyled = (page: Document, open: () => void): void => {
  const nonce = nonceOf(page);
  const create = page.createElement;
  const createStyled = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = create.call(page, name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  Object.assign(page, { createElement: createStyled });
  try {
    open();
  } finally {
    Object.assign(page, { createElement: create });
  }
};

/** Style attributes of spans (colours of 24 bits) are set by the way that the policy allows (CSSOM), to the same effect. */
export const allowSpanStyles = (): void => {
  HTMLSpanElement.prototype.setAttribute = function setAttribute(name: string, value: string): void {
    if (name === 'style') this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
};
