// Owns "nothing that ships has a known vulnerability": the packages of the lock file that are not for development, asked of
// the npm registry. A registry that cannot be asked (a mirror without advisories, no network) skips it and says why.
import { spawnSync } from 'node:child_process';
import { root } from './install.mjs';
import { skippedCode } from './suite.mjs';

const say = (line) => process.stdout.write(`${line}\n`);

const asked = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: root,
  encoding: 'utf8',
  timeout: 60_000,
});
let report = {};
try {
  report = JSON.parse(asked.stdout);
} catch {
  // No JSON: it did not even get to ask.
}
if (report.vulnerabilities === undefined) {
  const why = report.message ?? asked.error?.message ?? `npm audit exited with ${asked.status}`;
  say(`skipped: the npm registry cannot be asked for vulnerabilities (${why.split(' - ', 1)[0]})`);
  process.exit(skippedCode);
}
for (const { name, severity, range, via } of Object.values(report.vulnerabilities))
  say(`${name} ${range}: ${severity}, ${via.map((one) => one.title ?? one).join('; ')}`);
process.exit(Object.keys(report.vulnerabilities).length === 0 ? 0 : 1);
