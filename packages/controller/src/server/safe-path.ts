// Owns where a browser may be sent after signing in: a path of this server, and nowhere else.
/** Longer than any address of the console that has what was chosen in it, shorter than what servers take as a request. */
export const maxPath = 4_000;

const origin = 'https://here.invalid';

/** The path with its query, or '/' for whatever leads elsewhere: `//evil`, `/\evil`, `https:...`, control characters. */
export const safePath = (wanted: string | undefined): string => {
  if (wanted === undefined || wanted.length > maxPath || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(wanted))
    return '/';
  const url = URL.canParse(wanted, origin) ? new URL(wanted, origin) : undefined;
  return url?.origin === origin && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
};
