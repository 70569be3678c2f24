// Owns the process that parses one YAML body and ends: standard input → JSON text on standard output, or exit code 2
// with the reason on standard error.
import { readFileSync } from 'node:fs';
import { yamlToJson } from './yaml-text.ts';

try {
  process.stdout.write(yamlToJson(readFileSync(0, 'utf8')));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
