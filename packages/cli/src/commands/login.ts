// drover login: sign in to a controller and remember it as a context.
import { hostname, userInfo } from 'node:os';
import { createClient, toOrigin } from '@drover/client';
import type { Command } from 'commander';
import { contextsPath, loadContexts, saveContexts } from '../context/contexts.ts';
import { usageFailure } from '../failure.ts';
import { parseSeconds } from '../output/units.ts';
import { readInputText } from '../platform/input-file.ts';
import type { Session } from '../session.ts';

interface LoginOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly link?: string;
  readonly user?: string;
  readonly browser?: true;
  readonly caPin?: string;
  readonly caFile?: string;
  readonly as?: string;
  readonly expires: string;
}

const readFile = async (path: string, what: string): Promise<string> =>
  (await readInputText(path, what)).trim();

/** The CA to trust: from a file, by its pin, or as remembered for the same address. */
const chooseCa = async (origin: string, options: LoginOptions, session: Session): Promise<string> => {
  if (options.caFile !== undefined) return readFile(options.caFile, '--ca-file');
  if (options.caPin !== undefined) {
    const { fetchPinnedCa } = await import('../connection/pinned-ca.ts');
    return fetchPinnedCa(origin, options.caPin);
  }
  const known = Object.values(loadContexts(contextsPath(session.environment)).contexts);
  const same = known.find((context) => toOrigin(context.address) === origin);
  if (same !== undefined) return same.caPem;
  throw usageFailure(
    `cannot trust ${origin}: neither --ca-pin nor --ca-file is given`,
    "the pin is the last word of every join line; 'drover context show' prints it where somebody is signed in",
  );
};

const chooseToken = async (
  origin: string,
  caPem: string,
  options: LoginOptions,
  session: Session,
): Promise<string> => {
  if (options.token !== undefined) return options.token === '-' ? readFile('-', '--token') : options.token;
  if (options.tokenFile !== undefined) return readFile(options.tokenFile, '--token-file');
  const description = `drover login by ${userInfo().username} on ${hostname()}`;
  const expiresSeconds = parseSeconds(options.expires, '--expires');
  const trade = { origin, caPem, description, expiresSeconds };
  if (options.browser === true) {
    const { signInByBrowser } = await import('../connection/browser-sign-in.ts');
    return signInByBrowser(session, { origin, caPem, expiresSeconds });
  }
  if (options.user !== undefined) {
    const { signInAs } = await import('../connection/password-sign-in.ts');
    return signInAs(session, options.user, trade);
  }
  const { tradeLink } = await import('../connection/sign-in-link.ts');
  return tradeLink({ ...trade, link: options.link ?? '' });
};

const checkOptions = (address: string | undefined, options: LoginOptions): string => {
  const { token, tokenFile, link, user, browser } = options;
  const ways = [token, tokenFile, link, user, browser].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw usageFailure(
      'cannot sign in: give exactly one of --browser, --user, --link, --token and --token-file',
    );
  const isUrl = options.link?.includes('://') === true;
  const where = address ?? (isUrl ? new URL(options.link ?? '').origin : undefined);
  if (where === undefined)
    throw usageFailure('cannot sign in: give the address of the controller, host:port');
  return toOrigin(where);
};

const login = async (address: string | undefined, options: LoginOptions, session: Session): Promise<void> => {
  const origin = checkOptions(address, options);
  const caPem = await chooseCa(origin, options, session);
  const token = await chooseToken(origin, caPem, options, session);
  const client = createClient({ address: origin, caPem, token });
  try {
    await client.whoAmI();
  } finally {
    client.close();
  }
  const path = contextsPath(session.environment);
  const known = loadContexts(path);
  const name = options.as ?? new URL(origin).host;
  saveContexts(path, {
    current: name,
    contexts: { ...known.contexts, [name]: { ...known.contexts[name], address: origin, caPem, token } },
  });
  session.out.write(`signed in to ${origin} as context ${name}\n`);
};

export const define = (command: Command, session: Session): void => {
  command
    .argument('[address]', 'host:port of the controller; port 7443 when absent')
    .option('--browser', 'sign in in the browser of this machine: password, passkey or provider')
    .option('--user <name>', 'ask for the password, and for a code where there is a second factor')
    .option('--token <token>', "an API token; '-' reads it from standard input")
    .option('--token-file <file>', 'a file that holds an API token')
    .option('--link <url>', 'a one-time sign-in link, as the controller prints it')
    .option('--ca-pin <sha256>', "sha256 of the controller's CA certificate")
    .option('--ca-file <file>', "the controller's CA certificate in PEM")
    .option('--as <name>', 'remember it under this name; absent: its address')
    .option('--expires <time>', 'with --browser, --user and --link: how long the sign-in lasts', '90d')
    .addHelpText(
      'after',
      '\nThe certificate of the controller is always verified; there is no way to switch that off.',
    )
    .action((address: string | undefined, options: LoginOptions) => login(address, options, session));
};
