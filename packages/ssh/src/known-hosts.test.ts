import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quote, splitJoinLine } from './join.ts';
import { entriesFor, judgeKey, knownName, parseKnownHosts, toFingerprint } from './known-hosts.ts';

const key = (text: string) => Buffer.from(text).toString('base64');

describe('known_hosts', () => {
  test('an entry counts for its very host and port', () => {
    const known = parseKnownHosts(
      `web1,10.0.0.1 ssh-ed25519 ${key('a')}\n[web1]:2222 ssh-ed25519 ${key('b')}\n*.lan,!bad.lan ssh-rsa ${key('c')}\n`,
    );
    const keys = (host: string, port: number) =>
      entriesFor(known, host, port).map((entry) => entry.key.toString());
    expect(keys('WEB1', 22)).toEqual(['a']);
    expect(keys('10.0.0.1', 22)).toEqual(['a']);
    expect(keys('web1', 2222)).toEqual(['b']);
    expect(keys('web1', 2200)).toEqual([]);
    expect(keys('x.lan', 22)).toEqual(['c']);
    expect(keys('bad.lan', 22)).toEqual([]);
    expect(keys('xlan', 22)).toEqual([]);
  });

  test('a hashed entry counts for the name it was made from and no other', () => {
    fc.assert(
      fc.property(fc.domain(), fc.integer({ min: 1, max: 65535 }), (host, port) => {
        const salt = randomBytes(20);
        const hash = createHmac('sha1', salt).update(knownName(host, port)).digest('base64');
        const known = parseKnownHosts(`|1|${salt.toString('base64')}|${hash} ssh-ed25519 ${key('k')}`);
        expect(entriesFor(known, host, port).length).toBe(1);
        expect(entriesFor(known, `x${host}`, port)).toEqual([]);
        expect(entriesFor(known, host, port === 1 ? 2 : port - 1)).toEqual([]);
      }),
    );
  });

  test('any text is read without a fault, and what it does not name is unknown', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const entries = entriesFor(parseKnownHosts(text), 'host.example', 22);
        expect(judgeKey(Buffer.from('some key nobody wrote'), entries, [])).not.toBe('accepted');
      }),
    );
  });

  test('revoked wins over everything, an authority is no host key', () => {
    const host = Buffer.from('k');
    const revoked = parseKnownHosts(`h ssh-ed25519 ${key('k')}\n@revoked * ssh-ed25519 ${key('k')}`);
    expect(judgeKey(host, entriesFor(revoked, 'h', 22), [])).toBe('revoked');
    expect(judgeKey(host, entriesFor(revoked, 'h', 22), [toFingerprint(host)])).toBe('revoked');
    const authority = parseKnownHosts(`@cert-authority h ssh-ed25519 ${key('k')}`);
    expect(judgeKey(host, entriesFor(authority, 'h', 22), [])).toBe('unknown');
  });
});

describe('the join line', () => {
  test('the secret is taken out of the join line', () => {
    expect(splitJoinLine("DROVER_TOKEN=a.b python3 -c 'x' https://c d")).toEqual({
      secret: 'a.b',
      command: "python3 -c 'x' https://c d",
    });
    expect(() => splitJoinLine('curl | sh')).toThrow('DROVER_TOKEN');
    expect(quote("it's")).toBe(`'it'\\''s'`);
  });
});
