// `npm test`: everything, one suite after the other, and one line at the end that sums them up.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareSystem } from './helpers/system.ts'

interface Count {
  passed: number
  failed: number
  skipped: number
}

interface Suite {
  readonly name: string
  /** A command of node_modules/.bin, or `node`. */
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** How the suite tells its figures; a suite without them counts as one test. */
  readonly count?: (report: string) => Count
}

const ci = process.env['CI'] === 'true' || process.env['CI'] === '1'
const reports = mkdtempSync(join(tmpdir(), 'spindle-reports-'))
const only = process.argv.slice(2)

const suites: readonly Suite[] = [
  { name: 'build', command: ['node', 'electron/dev/build.ts'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'lint', command: ['oxlint', '--deny-warnings'] },
  { name: 'format', command: ['prettier', '--check', '--log-level=warn', '.'] },
  vitest('tests', ['--exclude', 'test/start/**']),
  {
    name: 'window',
    command: ['playwright', 'test', '--reporter=list,json'],
    environment: { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'window.json') },
    count: countPlaywright,
  },
  vitest('start', ['test/start']),
]

function vitest(name: string, args: readonly string[]): Suite {
  const report = join(reports, `${name}.json`)
  return {
    name,
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
    count: countVitest,
  }
}

function countVitest(report: string): Count {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites } = JSON.parse(
    report,
  ) as Record<string, number>
  // A file that does not even load holds no failed test, and must count all the same.
  const failed = Math.max(numFailedTests ?? 0, (numFailedTestSuites ?? 0) > 0 ? 1 : 0)
  return { passed: numPassedTests ?? 0, failed, skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0) }
}

function countPlaywright(report: string): Count {
  const { stats } = JSON.parse(report) as {
    stats: { expected: number; unexpected: number; flaky: number; skipped: number }
  }
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped }
}

function runSuite(suite: Suite): Count {
  console.log(`\n── ${suite.name}: ${suite.command.join(' ')}`)
  const started = performance.now()
  const [command = '', ...args] = suite.command
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...suite.environment } })
  const ok = status === 0
  let count: Count = { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
  if (suite.count) {
    try {
      count = suite.count(readFileSync(join(reports, `${suite.name}.json`), 'utf8'))
    } catch {
      count = { passed: 0, failed: 1, skipped: 0 } // it ended before it could report
    }
    if (!ok && count.failed === 0) count.failed = 1
    if (ok && count.passed === 0) count.failed += 1 // nothing ran: that is no success
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(`── ${suite.name}: ${count.passed} passed, ${count.failed} failed in ${seconds} s`)
  return count
}

const problems = prepareSystem((line) => console.log(line))
for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  console.error(ci ? 'With CI=true nothing is skipped.' : 'Nothing was run.')
  console.log(`0 passed, ${problems.length} failed`)
  process.exit(1)
}

mkdirSync('out', { recursive: true })
const total: Count = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []
for (const suite of suites) {
  if (only.length > 0 && !only.includes(suite.name)) continue
  const count = runSuite(suite)
  total.passed += count.passed
  total.failed += count.failed
  total.skipped += count.skipped
  if (count.failed > 0) failures.push(suite.name)
  if (suite.name === 'build' && count.failed > 0) break // nothing after it could mean anything
}
if (ci && total.skipped > 0) failures.push(`${total.skipped} skipped, which CI does not allow`)
rmSync(reports, { recursive: true, force: true })
if (failures.length > 0) console.log(`\nFailed: ${failures.join(', ')}`)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = failures.length > 0 ? 1 : 0
