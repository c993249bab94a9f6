// `npm test`: everything, one suite after the other, and one line at the end that sums them up. `npm run test:long`: the
// random tests alone, each many times as long, and what they have been through. `npm run safety`: those that take away what
// an operation rests on, or hand it what it cannot trust, and the figures.

import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareSystem } from './helpers/system.ts'
import { TALLY, tallied } from './helpers/tally.ts'

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
const isLong = process.argv.includes('--long')
const isSafety = process.argv.includes('--safety')
const only = process.argv.slice(2).filter((word) => word !== '--long' && word !== '--safety')
const tallyFile = join(reports, 'tally')

/** What tests of safety count, themselves or by what they use. */
const FIGURES = /tally\('(kills|crashes|faults|hostile inputs|fuzz cases)'|crashed-folder/

/** How long a long run is, where nothing else is asked for. */
const LONG = { SPINDLE_HISTORIES: '1000', SPINDLE_STATES: '1000', SPINDLE_OPERATIONS: '10000' }

/** Half an hour or so. */
const SAFE = { SPINDLE_HISTORIES: '2000', SPINDLE_STATES: '40', SPINDLE_KILLS: '1000' }

const suites: readonly Suite[] = isSafety
  ? [
      vitest('safety', ['--testTimeout=3600000'], safetyTests),
      { name: 'fuzz', command: ['node', 'test/fuzz/run.ts', '--minutes', process.env['SPINDLE_MINUTES'] ?? '5'] },
    ]
  : isLong
    ? [vitest('long', ['--testTimeout=3600000'], randomTests)]
    : [
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

/** All that take their seeds from there. */
function randomTests(): readonly string[] {
  return globSync('test/**/*.test.ts').filter((file) => readFileSync(file, 'utf8').includes('helpers/seeds.ts'))
}

/** All that count what they have been through, but for comparisons with QEMU. */
function safetyTests(): readonly string[] {
  const counting = globSync('test/**/*.test.ts').filter((file) => readFileSync(file, 'utf8').match(FIGURES))
  return [...counting, ...globSync('test/core/**/{image-locks,virtual-machine,reach,undo,target}.test.ts')]
}

function vitest(name: string, args: readonly string[], files: () => readonly string[] = () => []): Suite {
  const report = join(reports, `${name}.json`)
  return {
    name,
    command: [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
      ...files(),
    ],
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
  // Those that passed at their second try are named by Playwright, as flaky.
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped }
}

const longer = isSafety ? SAFE : isLong ? LONG : undefined
const environment = longer ? { ...longer, ...process.env, [TALLY]: tallyFile } : {}

function runSuite(suite: Suite): Count {
  console.log(`\n── ${suite.name}: ${suite.command.join(' ')}`)
  const started = performance.now()
  const [command = '', ...args] = suite.command
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...environment, ...suite.environment },
  })
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
writeFileSync(tallyFile, '')
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
const figures = [...tallied(tallyFile)].filter(([what]) => !isSafety || what !== 'fuzz failures')
const lived = figures.map(([what, count]) => `${count} ${what}${isSafety ? `, failures = ${total.failed}` : ''}`)
if (lived.length > 0) console.log(`\n${lived.toSorted().join('\n')}`)
rmSync(reports, { recursive: true, force: true })
if (failures.length > 0) console.log(`\nFailed: ${failures.join(', ')}`)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = failures.length > 0 ? 1 : 0
