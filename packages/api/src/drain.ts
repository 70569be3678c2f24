// Owns what the controller tells of its own end (GET and POST /drain).

export interface DrainStatus {
  /** leaving: `/readyz` says no, all else is as before; draining: what goes on is ended, what is under way is answered. */
  readonly state: 'serving' | 'leaving' | 'draining';
  /** RFC 3339; absent while it serves. */
  readonly since?: string;
  /** How long it is leaving before it drains. */
  readonly delaySeconds: number;
  /** It stops after this, also if something is left. */
  readonly timeoutSeconds: number;
  /** What is still there, by what it is: requests, streams, shells, agents. */
  readonly left: Readonly<Record<string, number>>;
}
