// Passkeys of a software authenticator, enrolled as the page of one's own account does, for the tests of this room.
import { Authenticator } from './test-authenticator.ts';
import type { Browser } from './test-browser.ts';
import type { Ground } from './test-ground.ts';

export type Site = Pick<Ground, 'address' | 'caPem'>;

/** The server by name: browsers give passkeys to names only, not to addresses. */
export const siteOf = ({ address, caPem }: Ground): Site => ({
  address: address.replace('127.0.0.1', 'localhost'),
  caPem,
});

/** `browser` is signed in at the site; `made` is the answer to the passkey. */
export const enrolPasskey = async (browser: Browser, site: Site, password: string, name = 'key ring') => {
  const device = new Authenticator();
  const at = { origin: site.address, rpId: 'localhost' };
  const options = (await browser.send('POST', '/auth/passkeys/options', { password })).json();
  const response = device.create({ challenge: String(options['challenge']), ...at });
  const made = await browser.send('POST', '/auth/passkeys', { name, response });
  return { device, at, response, made };
};
