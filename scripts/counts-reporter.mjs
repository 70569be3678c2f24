// Owns what the closing lines of the tests say of a vitest run: how many passed, and by name what did not at once.
// The file to write is named by DROVER_TEST_COUNTS (suite.mjs).
import { writeFileSync } from 'node:fs';

/** The first line of why, without colours, short enough to stand behind a name. */
const reason = (errors) =>
  String(errors?.[0]?.message ?? '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split('\n', 1)[0]
    .slice(0, 200);

export default class CountsReporter {
  onTestRunEnd(modules, unhandled) {
    const counts = { passed: 0, failed: 0, skipped: 0, failures: [], retried: [] };
    for (const module of modules) {
      const place = `${module.project.name} ${module.relativeModuleId}`;
      // A file that cannot be loaded, or whose preparation fails, says so itself.
      const suites = [module, ...module.children.allSuites()];
      for (const errors of suites.map((one) => one.errors()).filter(({ length }) => length > 0))
        counts.failures.push(`${place}: ${reason(errors)}`);
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed' || state === 'failed') counts[state] += 1;
        else counts.skipped += 1;
        const said = `${place} > ${test.fullName}: ${reason(errors)}`;
        if (state === 'failed') counts.failures.push(said);
        else if (test.diagnostic()?.flaky) counts.retried.push(said);
      }
    }
    counts.failures.push(...unhandled.map((error) => `unhandled: ${reason([error])}`));
    writeFileSync(process.env.DROVER_TEST_COUNTS, JSON.stringify(counts));
  }
}
