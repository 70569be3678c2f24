// Owns the generated wire tables: packages/api/src/agent.thrift in, agent.gen.ts and the agent's table section out.
// I1: the generated text depends on the IDL only. I2: `--check` writes nothing and exits 1 when a file is not current.
// I3: `--check` without a compiler says so in one line and exits 77, "skipped"; with CI=true that is a failure.
// Needs Debian's thrift-compiler (`thrift --gen json` is the parser).
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Idl, parseIdl } from './gen/idl.ts';
import { toPython } from './gen/python.ts';
import { toTypeScript } from './gen/typescript.ts';

const root = join(import.meta.dirname, '..');
const source = join(root, 'packages/api/src/agent.thrift');
const typeScriptFile = join(root, 'packages/api/src/wire/agent.gen.ts');
const agentFile = join(root, 'agent/drover_agent.py');

const loadIdl = (): Idl => {
  const dir = mkdtempSync(join(tmpdir(), 'drover-gen-'));
  try {
    execFileSync('thrift', ['--gen', 'json', '-out', dir, source], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return parseIdl(JSON.parse(readFileSync(join(dir, 'agent.json'), 'utf8')));
  } catch (cause) {
    throw new Error(
      'cannot read agent.thrift: is thrift-compiler installed (apt-get install thrift-compiler)?',
      {
        cause,
      },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

const markers = ['# >>> generated wire tables', '# <<< generated wire tables'] as const;

/** The agent file with the text between its two marker lines replaced. Throws when a marker is missing. */
const spliceTables = (text: string, tables: string): string => {
  const begin = text.indexOf(markers[0]);
  const end = text.indexOf(markers[1]);
  if (begin < 0 || end < begin)
    throw new Error(`cannot find "${markers[0]}" and "${markers[1]}" in ${agentFile}`);
  return `${text.slice(0, text.indexOf('\n', begin) + 1)}${tables}${text.slice(end)}`;
};

const current = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const isCheck = process.argv.includes('--check');
const hasCompiler = spawnSync('thrift', ['--version'], { stdio: 'ignore' }).error === undefined;
if (isCheck && !hasCompiler) {
  process.stderr.write('cannot check the wire tables: thrift is missing (apt-get install thrift-compiler)\n');
  process.exit(process.env['CI'] === 'true' ? 1 : 77);
}
const idl = loadIdl();
const agent = current(agentFile);
const outputs = [
  { file: typeScriptFile, now: current(typeScriptFile), want: toTypeScript(idl) },
  { file: agentFile, now: agent, want: spliceTables(agent, toPython(idl)) },
];
const stale = outputs.filter((output) => output.now !== output.want);
if (isCheck) {
  for (const { file } of stale) process.stderr.write(`${file} is not current: run "npm run gen"\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { file, want } of stale) writeFileSync(file, want);
  for (const { file } of stale) process.stdout.write(`wrote ${file}\n`);
}
