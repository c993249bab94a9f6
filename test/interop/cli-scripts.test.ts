// Commands and scripts as people have them for qemu-img, with nothing changed in them but the name of the program.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { spindleProcess } from '../helpers/cli-process.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder, sharedFolder } from '../helpers/scratch.ts'
import { SPINDLE } from '../helpers/spindle.ts'
import type { Outcome } from '../helpers/spindle.ts'
import { copyFixtures, makeFixtures } from './cli/fixtures.ts'
import { comparable } from './cli/output.ts'

const { qemuImg, qemuIo } = newestOracle()
const spindle = spindleProcess()
const images = sharedFolder()

beforeAll(() => makeFixtures(images, newestOracle()))

const COMMANDS = [
  'create -f raw new.img 1G',
  'create -f qcow2 new.qcow2 10G',
  'create -f qcow2 -o compression_type=zstd zstd.qcow2 1G',
  'create --object secret,id=sec0,file=key -f qcow2 -o encrypt.format=luks,encrypt.key-secret=sec0,encrypt.iter-time=10 luks.qcow2 1G',
  'create -f qcow2 -o cluster_size=128K large.qcow2 1G',
  'create -f qcow2 -o lazy_refcounts=on lazy.qcow2 1G',
  'create -f qcow2 -o data_file=data.raw,data_file_raw=on data.qcow2 1G',
  'create -f qcow2 -o preallocation=off off.qcow2 1G',
  'info new.qcow2',
  'info base.qcow2',
  'convert -p -f raw -O qcow2 disk.img from-raw.qcow2',
  'convert -p -f qcow2 -O raw base.qcow2 to-raw.img',
  'convert -c -f raw -O qcow2 disk.img packed-again.qcow2',
  'convert -f vdi -O qcow2 disk.vdi from-vdi.qcow2',
  'convert -f vmdk -O qcow2 disk.vmdk from-vmdk.qcow2',
  'convert -f qcow2 -O vmdk base.qcow2 to.vmdk',
  'resize new.qcow2 +10G',
  'resize new.qcow2 30G',
  'resize --shrink new.qcow2 20G',
  'commit top.qcow2',
  'convert -O qcow2 leaf.qcow2 flat.qcow2',
  'check base.qcow2',
  'check -r leaks leaky.qcow2',
  'check -r all leaky.qcow2',
  'compare disk.img from-raw.qcow2',
  'compare disk.img other.img',
  'snapshot -c before snaps.qcow2',
  'snapshot -l snaps.qcow2',
  'snapshot -a before snaps.qcow2',
  'snapshot -d before snaps.qcow2',
] as const

test('the commands everybody types print the same and end the same, one after the other', async () => {
  const folder = scratchFolder()
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')]
  for (const place of [theirs, ours]) {
    mkdirSync(place)
    copyFixtures(images, place, [
      'key',
      'disk.img',
      'other.img',
      'disk.vdi',
      'disk.vmdk',
      'leaky.qcow2',
      'snaps.qcow2',
      'base.qcow2',
      'top.qcow2',
      'leaf.qcow2',
    ])
  }
  for (const line of COMMANDS) {
    const words = line.split(' ')
    const { status, stdout } = spawnSync(qemuImg, words, { cwd: theirs, encoding: 'utf8', argv0: 'qemu-img' })
    const given = await spindle(ours, words, 'spindle')
    const wanted = comparable({ code: status, out: stdout, error: '' }, { words })
    const got = comparable({ ...given, error: '' }, { words })
    expect([line, withoutSizes(got)]).toEqual([line, withoutSizes(wanted)])
  }
  expect(readdirSync(ours).toSorted()).toEqual(readdirSync(theirs).toSorted())
  for (const name of ['to-raw.img', 'packed-again.qcow2', 'from-vdi.qcow2', 'to.vmdk', 'flat.qcow2', 'snaps.qcow2']) {
    const { stdout } = spawnSync(qemuImg, ['compare', join(theirs, name), join(ours, name)], { encoding: 'utf8' })
    expect(`${name}: ${stdout}`).toBe(`${name}: Images are identical.\n`)
  }
})

/** How large a file is, and where it ends, is each program's own. */
function withoutSizes({ code, out }: Outcome): unknown {
  return { code, out: out.replaceAll(/(disk size|file length|Image end offset): .*/g, '$1: <size>') }
}

const BACKUP_AND_PRUNE = `#!/bin/sh
set -eu
mkdir -p backups
for day in 01 02 03; do
  qemu-img convert -c -f qcow2 -O qcow2 disk.qcow2 "backups/disk-$day.qcow2"
  qemu-img compare -q disk.qcow2 "backups/disk-$day.qcow2"
  ls backups/disk-*.qcow2 | sort -r | tail -n +3 | while read -r old; do rm -- "$old"; done
done
qemu-img check backups/disk-03.qcow2 | head -n 1
ls backups
`

const COMPACT_IN_PLACE = `#!/bin/sh
set -eu
size() { qemu-img info --output=json "$1" | sed -n 's/^ *"virtual-size": \\([0-9]*\\),*$/\\1/p' | tail -n 1; }
before=$(size disk.qcow2)
qemu-img convert -O qcow2 disk.qcow2 disk.qcow2.new
if qemu-img compare disk.qcow2 disk.qcow2.new; then mv disk.qcow2.new disk.qcow2; else exit 1; fi
test "$(size disk.qcow2)" = "$before" && echo "$before"
if ! qemu-img info missing.qcow2 >all 2>&1; then sed -n "s/^.*\\(Could not open 'missing.qcow2'\\).*$/\\1/p" all; fi
`

test.each([
  ['backs up and prunes', BACKUP_AND_PRUNE],
  ['compacts in place', COMPACT_IN_PLACE],
])('a shell script that %s does with spindle what it did', (_, script) => {
  const tools = scratchFolder()
  symlinkSync(qemuImg, join(tools, 'qemu-img'))
  writeFileSync(join(tools, 'spindle'), `#!/bin/sh\nexec '${process.execPath}' '${SPINDLE}' "$@"\n`)
  chmodSync(join(tools, 'spindle'), 0o755)
  const outcomes = [script, script.replaceAll('qemu-img', 'spindle')].map((text) => {
    const folder = scratchFolder()
    copyFixtures(images, folder, ['base.qcow2'])
    spawnSync('mv', ['base.qcow2', 'disk.qcow2'], { cwd: folder })
    spawnSync(qemuIo, ['-c', 'discard 1M 64k', 'disk.qcow2'], { cwd: folder })
    const path = `${tools}${delimiter}${process.env['PATH'] ?? ''}`
    const { status, stdout, stderr } = spawnSync('sh', ['-c', text], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
    })
    spawnSync(qemuImg, ['convert', '-O', 'raw', 'disk.qcow2', 'after.raw'], { cwd: folder })
    return { status, stdout, stderr, after: readFileSync(join(folder, 'after.raw')).toString('base64').length }
  })
  const [theirs, ours] = outcomes
  expect(theirs?.status).toBe(0)
  expect(ours).toEqual(theirs)
})
