// Owns where a request carries its secret: a bearer token, or the session's cookie.
// I1: the cookie is __Host- (this host only, RFC 6265bis section 4.1.3.2), HttpOnly, Secure and SameSite=Strict.
import type { Credentials } from './auth.ts';

const cookieName = '__Host-drover-session';
const maxSecretLength = 512;

/** The value of Set-Cookie. '' and 0: forget it. */
export const setCookie = (value: string, maxAgeSeconds: number): string =>
  `${cookieName}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=Strict`;

/** The secret that the headers carry, and where. '' when they carry none that could be ours. */
export const readSecret = ({
  authorization,
  cookie,
}: Credentials): { readonly from: 'bearer' | 'cookie'; readonly secret: string } => {
  if (authorization !== undefined) {
    const secret = /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
    return { from: 'bearer', secret: secret.length > maxSecretLength ? '' : secret };
  }
  const pairs = (cookie ?? '').split(';').map((pair) => pair.trim());
  const own = pairs.find((pair) => pair.startsWith(`${cookieName}=`)) ?? '';
  const secret = own.slice(cookieName.length + 1);
  return { from: 'cookie', secret: secret.length > maxSecretLength ? '' : secret };
};
