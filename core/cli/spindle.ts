#!/usr/bin/env node
// The first file that runs: it hands over to main, if need be on the project's own Node. Any Node must be able to read it.

import { spawn } from 'node:child_process'
import * as module from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const NEEDED = [22, 15] as const

/** Main has the ending this file has: it is built beside it. */
const mainFile = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url)

if (isNewEnough(process.versions.node)) {
  module.enableCompileCache()
  start().catch((error: unknown) => fail(`it cannot be started: ${String(error)}`))
} else {
  const node = ownNode()
  if (node === undefined) {
    fail(
      `Node.js ${process.versions.node} is too old: Spindle needs ${NEEDED.join('.')} or newer. Install it, or run “npm ci” in Spindle’s folder, which brings one along.`,
    )
  } else {
    handOver(node)
  }
}

async function start(): Promise<void> {
  const { main } = (await import(/* @vite-ignore */ mainFile.href)) as typeof import('./main.ts')
  await main(process.argv.slice(2))
}

function fail(message: string): void {
  console.error(`spindle: ${message}`)
  process.exitCode = 1
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

function ownNode(): string | undefined {
  try {
    const here = module.createRequire(import.meta.url)
    return here.resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}

function handOver(node: string): void {
  const child = spawn(node, [process.argv[1] ?? fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // A terminal sends Ctrl-C to both; the child tidies up and says how it ended.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void (signal !== 'SIGINT' && child.kill(signal)))
  }
  child.on('error', (error) => fail(`The Node.js that came along, ${node}, does not start: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128 + constants.signals[signal])
  })
}
