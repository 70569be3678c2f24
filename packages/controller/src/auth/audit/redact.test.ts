import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redactArgv } from './redact.ts';

test.each([
  [['mysql', '--password=hunter2', '-u', 'root']],
  [['mysql', '--password', 'hunter2']],
  [['env', 'DB_PASSWORD=hunter2', 'app']],
  [['curl', '-H', 'Authorization: Bearer hunter2', 'https://x']],
  [['curl', 'https://user:hunter2@example.org/']],
  [['sh', '-c', 'export API_KEY="hunter2"; app --token hunter2 --secret-key=hunter2']],
  [['login', '--token', 'drover_hunter2hunter2hunter2hunter2hunter2hunter2x']],
  [['join', 'rack.hunter2hunter2hunter2hunter2hunter2hunter2x']],
])('%j is recorded without its secret', (argv) => {
  expect(redactArgv(argv).join(' ')).not.toContain('hunter2');
});

test('an ordinary command stands as it was', () => {
  const argv = ['systemctl', 'restart', 'nginx.service', '--no-block', '-p', 'a=b', 'sha256:abc'];
  expect(redactArgv(argv)).toEqual(argv);
});

test('whatever the command is, what is recorded is small and made at once', () => {
  expect(redactArgv(['x'.repeat(131_072), ...Array.from({ length: 4_000 }, () => 'y')])).toHaveLength(65);
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2_000 }), { maxLength: 100 }), (argv) => {
      expect(redactArgv(argv).every((word) => word.length <= 280)).toBe(true);
    }),
  );
});
