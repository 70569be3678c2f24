// Owns trading a one-time sign-in link for an API token.
import { ApiError } from '@drover/api/errors';
import { createClient } from '@drover/client';
import { Failure, usageFailure } from '../failure.ts';
import { cookiesOf, type TokenTrade, tradeSession } from './session-token.ts';

export interface LinkTrade extends TokenTrade {
  readonly origin: string;
  readonly caPem: string;
  /** The whole link, or the secret in it. */
  readonly link: string;
}

const secretOf = (link: string): string => {
  if (!link.includes('://')) return link;
  const secret = new URL(link).searchParams.get('link');
  if (secret === null || secret === '') throw usageFailure(`cannot use --link: there is no secret in it`);
  return secret;
};

const usedUp = (cause?: unknown): Failure =>
  new Failure('cannot sign in: the link is used up or has expired', {
    remedy: "an administrator makes a new one with 'drover user link NAME'; or use a token",
    cause,
  });

/** Resolves to the token. The link is used up by it. */
export const tradeLink = async (trade: LinkTrade): Promise<string> => {
  const client = createClient({ address: trade.origin, caPem: trade.caPem, token: '' });
  try {
    const answer = await client.http
      .open({ path: '/sign-in', query: { link: secretOf(trade.link) }, accept: '*/*' })
      .catch((error: unknown) => {
        throw error instanceof ApiError && error.reason === 'Unauthorized' ? usedUp(error) : error;
      });
    answer.resume();
    const cookie = cookiesOf(answer.headers);
    if (cookie === '') throw usedUp();
    return await tradeSession(client.http, cookie, trade);
  } finally {
    client.close();
  }
};
