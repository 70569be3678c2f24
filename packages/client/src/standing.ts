// Owns whether a request was sent: only a connection that stands, secured and verified, takes anything of it.
import type { ClientRequest } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** To be called as the request is made; the function tells whether its connection stood by then. */
export const watchStanding = (outgoing: ClientRequest): (() => boolean) => {
  let stands = false;
  outgoing.once('socket', (socket) => {
    stands = (socket as TLSSocket).authorized; // of https, and verified always
    if (stands) return;
    socket.once('secureConnect', () => {
      stands = true;
    });
  });
  return () => stands;
};
