// Owns how requests pass the priority levels: each takes its seats once its caller is known and allowed, before its
// body is read, and gives them back when it is answered.
// I1: an answer that goes on (watch, log, shell, content, recording) gives its seats back when it begins, and is counted
//     apart. So is one that its reader takes too slowly: nobody holds seats by not reading.
// I2: who is turned away because too much waits leaves no row in the audit trail: a durable write for each would be more
//     work than what was refused. They are counted (metrics).
import { ApiError, resourceKey } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from '../../auth/identity.ts';
import type { Resources } from '../../resources/resources.ts';
import { attributesOf } from '../access.ts';
import { costOf, flowOf, type LevelName, levelNames, levelSettings } from './flows.ts';
import { type Cost, Level, type LevelSettings, type Ticket } from './level.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What its caller holds; null before, and for who waits. */
    ticket: Ticket | null;
  }
}

export type FairnessSettings = Readonly<Partial<Record<LevelName, Partial<LevelSettings>>>>;

export interface Fairness {
  level(name: LevelName): Level;
  /** For what is no request of the application, a shell. Throws TooManyRequests; `leave` is for its end. */
  open(identity: Identity): Ticket;
}

/** Smaller answers fit into what the system holds for a socket. */
const largeAnswerChars = 16 * 1024;
const slowReaderMs = 5_000;

export const createFairness = (settings: FairnessSettings = {}): Fairness => {
  const make = (name: LevelName): Level => new Level({ ...levelSettings[name], ...settings[name] });
  const [system, people, programs, strangers] = levelNames.map(make) as [Level, Level, Level, Level]; // as many as names
  const levels: Readonly<Record<LevelName, Level>> = { system, people, programs, strangers };
  return {
    level: (name) => levels[name],
    open: (identity) => {
      const { level, flow } = flowOf(identity, '', undefined);
      return levels[level].open(flow);
    },
  };
};

const costOfRequest = (request: FastifyRequest, sizes: (resource: string) => number): Cost => {
  const { access } = request.routeOptions.config;
  const isOfMany =
    (access?.kind === 'resource' || access?.kind === 'custom') &&
    (access.verb === 'read' || access.verb === 'deletecollection');
  if (!isOfMany) return costOf('get', 0);
  return costOf(access.verb, sizes(attributesOf(request, access).resource));
};

/** Aborted when the client goes before it is served. */
const goneSignal = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController();
  reply.raw.once('close', () =>
    gone.abort(new ApiError('TooManyRequests', 'cannot serve this request: its client has gone')),
  );
  return gone.signal;
};

/** I1: a large answer that is not taken in time. */
const letGoOfSlowReader = (reply: FastifyReply, ticket: Ticket): void => {
  const timer = setTimeout(() => {
    try {
      ticket.stay();
    } catch {
      reply.raw.destroy();
    }
  }, slowReaderMs);
  reply.raw.once('close', () => clearTimeout(timer));
};

/** Call after access is installed and before the bodies are. */
export const installFairness = (
  app: FastifyInstance,
  { fairness, resources }: { readonly fairness: Fairness; readonly resources: Resources },
): void => {
  const sizes = (resource: string): number => {
    const kind = resources.kinds.find((one) => resourceKey(one) === resource);
    return kind === undefined ? 0 : resources.size(kind);
  };
  app.decorateRequest('ticket', null);
  app.addHook('onRequest', (request, reply, done) => {
    const take = (ticket: Ticket): void => {
      request.ticket = ticket;
      reply.raw.once('close', ticket.leave);
      // It may have closed while it waited.
      if (reply.raw.destroyed) ticket.leave();
      done();
    };
    const turnAway = (error: Error): void => {
      request.audit = null; // I2
      done(error);
    };
    try {
      const { level, flow } = flowOf(request.identity, request.ip, request.routeOptions.url);
      const cost = costOfRequest(request, sizes);
      const entered = fairness.level(level).enter(flow, cost, () => goneSignal(reply));
      if (entered instanceof Promise) entered.then(take, turnAway);
      else take(entered);
    } catch (error) {
      turnAway(error instanceof Error ? error : new Error(String(error)));
    }
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const { ticket } = request;
    if (ticket !== null && typeof payload === 'string') {
      if (payload.length > largeAnswerChars) letGoOfSlowReader(reply, ticket);
    } else if (payload !== null && payload !== undefined) ticket?.stay();
    done(null, payload);
  });
};
