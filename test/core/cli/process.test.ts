// The command as a program: how it starts, how it is stopped, and on which Node.

import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MiB } from '../../../core/model/units.ts'
import { realDisk } from '../../helpers/real-disk.ts'
import { fingerprint } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { SPINDLE, runProgram, spindle, startSpindle } from '../../helpers/spindle.ts'

describe('stopped half-way', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s it ends with %i, says nothing, and leaves neither target nor partial', async (signal, code) => {
    const folder = scratchFolder()
    const disk = realDisk(320 * MiB)
    const child = startSpindle(['convert', '-p', '-c', '-O', 'qcow2', disk, join(folder, 'new.qcow2')])
    let error = ''
    child.stderr?.on('data', (data: Buffer) => (error += data.toString()))
    // The first percentages are printed while the copy is under way.
    for await (const data of child.stdout ?? []) if (String(data).includes('(1')) break
    expect(readdirSync(folder)).toEqual(['new.qcow2.partial'])
    child.kill(signal)
    const [exit] = (await once(child, 'exit')) as [number | null]
    expect({ exit, error }).toEqual({ exit: code, error: '' })
    expect(readdirSync(folder)).toEqual([])
  })
})

/** Runs a command with a file system of 4 MiB of its own at `small`, and lists what is left there on standard error. */
function withSmallFileSystem(folder: string): readonly string[] {
  const small = join(folder, 'small')
  mkdirSync(small, { recursive: true })
  const script = 'mount -t tmpfs -o size=4m tmpfs "$0" || exit 99; "$@"; code=$?; ls -A "$0" >&2; exit $code'
  const apart = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--map-root-user', '--mount']
  return [...apart, 'sh', '-c', script, small]
}

/** Not where the machine forbids mounting even in a namespace of one's own. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'spindle-mount-'))
  try {
    return runProgram([...withSmallFileSystem(folder), 'true']).code === 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('on a full file system', () => {
  test.skipIf(!mayMount())('a copy that cannot fit is refused at once with how much is missing', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'source.img'), randomBytes(8 * MiB))
    const words = ['convert', '-O', 'qcow2', 'source.img', 'small/new.qcow2']
    const { code, out, error } = spindle(words, { cwd: folder, through: withSmallFileSystem(folder) })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toMatch(
      /^spindle: There is not enough room in .*small: .* MiB are missing\. Nothing was written\..*\n$/,
    )
  })

  test.skipIf(!mayMount())('zeros that only look like data are no reason to refuse', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'source.img'), Buffer.alloc(8 * MiB))
    const words = ['convert', '-O', 'qcow2', 'source.img', 'small/new.qcow2']
    const outcome = spindle(words, { cwd: folder, through: withSmallFileSystem(folder) })
    expect(outcome).toEqual({ code: 0, out: '', error: 'new.qcow2\n' })
  })

  test.skipIf(!mayMount())('a copy nobody could foretell ends with one sentence and no file', () => {
    const folder = scratchFolder()
    const source = join(folder, 'source.img')
    writeFileSync(source, randomBytes(8 * MiB))
    const before = fingerprint(source)
    const words = ['convert', '-c', '-O', 'qcow2', 'source.img', 'small/new.qcow2']
    const { code, out, error } = spindle(words, { cwd: folder, through: withSmallFileSystem(folder) })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toMatch(/^spindle: The file system of .*new\.qcow2\.partial is full\..*\n$/)
    expect(fingerprint(source)).toBe(before)
  })

  test('a limit of the kernel ends the copy with one sentence, no file, and an untouched source', () => {
    const folder = scratchFolder()
    const source = join(folder, 'source.img')
    writeFileSync(source, Buffer.alloc(8 * MiB, 'some text that is hard to confuse with zeros'))
    const before = fingerprint(source)
    // Blocks of 512 or 1024 bytes, as the shell likes; either way less than the copy takes.
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -f 2048; exec "$@"', 'sh']
    const words = ['convert', '-O', 'raw', source, join(folder, 'new.img')]
    const { code, error } = spindle(words, { through: limited })
    expect(code).toBe(1)
    expect(error).toMatch(/^spindle: The file system of .*new\.img\.partial cannot hold a file this large\..*\n$/)
    expect(readdirSync(folder)).toEqual(['source.img'])
    expect(fingerprint(source)).toBe(before)
  })
})

describe('output', () => {
  test('whose reader goes away early ends quietly', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'disk.img'), 'x')
    const line = `"$0" "$1" info disk.img | true`
    const { stderr } = spawnSync('sh', ['-c', line, process.execPath, SPINDLE], { cwd: folder, encoding: 'utf8' })
    expect(stderr).toBe('')
  })

  test('and errors come in the order of the program when they share a pipe', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'base.qcow2'), 'gone tomorrow')
    const create = ['create', '-q', '-f', 'qcow2', '-u', '-b', 'missing.img', '-F', 'raw', 'top.qcow2', '1M']
    expect(spindle(create, { cwd: folder }).code).toBe(0)
    const line = `"$0" "$1" info --backing-chain top.qcow2 2>&1`
    const { stdout } = spawnSync('sh', ['-c', line, process.execPath, SPINDLE], { cwd: folder, encoding: 'utf8' })
    expect(stdout).toMatch(/^image: top\.qcow2\n[\s\S]*\nspindle: .*missing\.img, which is not there\..*\n$/)
  })

  test('of a missing or unknown command points to the help', () => {
    expect(spindle([])).toEqual({
      code: 1,
      out: '',
      error: "spindle: Not enough arguments\nTry 'spindle --help' for more info\n",
    })
    expect(spindle(['frobnicate']).error).toContain('Command not found: frobnicate')
    expect(spindle(['--version']).out).toMatch(/^spindle version \d+\.\d+\.\d+\n$/)
    expect(spindle(['--help']).out).toContain('compare')
  })
})

/** The entry as it is built, beside a main that tells who runs it. */
function installation(): {
  readonly folder: string
  readonly run: (...words: string[]) => ReturnType<typeof runProgram>
} {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'spindle.js'), stripTypeScriptTypes(readFileSync(SPINDLE, 'utf8')))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(folder, 'main.js'),
    'export const main = async (words) => { console.log(process.versions.node, ...words); process.exit(7) }',
  )
  writeFileSync(
    join(folder, 'old.js'),
    "Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); process.title = 'old'",
  )
  const run = (...words: string[]): ReturnType<typeof runProgram> =>
    runProgram([process.execPath, '--import', './old.js', 'spindle.js', ...words], folder)
  return { folder, run }
}

describe('on a Node that is too old', () => {
  test('it runs itself with the Node that came along and passes words and exit code on', () => {
    const { folder, run } = installation()
    const own = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
    mkdirSync(own, { recursive: true })
    symlinkSync(process.execPath, join(own, 'node'))
    expect(run('info', 'a b')).toEqual({ code: 7, out: `${process.versions.node} info a b\n`, error: '' })
  })

  test('without one it says in a sentence what it needs', () => {
    const { code, out, error } = installation().run('info', 'x')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toMatch(/^spindle: Node\.js 20\.20\.2 is too old: Spindle needs 22\.15 or newer\..*\n$/)
  })
})
