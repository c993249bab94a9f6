// The two that carry out the steps of a mixed history, each in its own words: QEMU and Spindle.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FormatId } from '../../core/model/image.ts'
import { amend } from '../../core/operations/amend.ts'
import { bitmap } from '../../core/operations/bitmap.ts'
import { commit } from '../../core/operations/commit.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { rebase } from '../../core/operations/rebase.ts'
import { resize } from '../../core/operations/resize.ts'
import { snapshot } from '../../core/operations/snapshot.ts'
import type { DiskStep } from '../helpers/disk-model.ts'
import type { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { optionWords } from './design.ts'
import { DISK, openImage } from './history.ts'
import type { MixedStep } from './mixed-steps.ts'

/** Carries out one step on the image called DISK in `folder`. `id` is that of the snapshot the step is about. */
export interface Hand {
  readonly name: string
  do(step: MixedStep, id: string): Promise<void>
}

/** Bytes of the disk and of a cluster, which packed writes need. */
export interface Sizes {
  readonly size: number
  readonly clusterSize: number
}

export function qemuHand(qemu: Qemu, sizes: Sizes): Hand {
  return {
    name: `QEMU ${qemu.oracle.version}`,
    async do(step, id) {
      switch (step.kind) {
        case 'work':
          workByQemu(qemu, step.steps)
          break
        case 'pack':
          packByQemu(qemu, step.clusters, sizes)
          break
        case 'snapshot':
          qemu.img('snapshot', ...snapshotWords(step, id), DISK)
          break
        case 'resize':
          qemu.img('resize', '-q', '-f', 'qcow2', ...resizeWords(step, sizes), DISK, String(step.size))
          break
        case 'commit':
          qemu.img('commit', '-q', '-f', 'qcow2', ...commitWords(step), DISK)
          break
        case 'rebase':
          qemu.img('rebase', '-f', 'qcow2', ...rebaseWords(step), DISK)
          break
        case 'amend':
          qemu.img('amend', '-f', 'qcow2', ...optionWords(step.options), DISK)
          break
        default:
          qemu.img('bitmap', '-f', 'qcow2', ...bitmapWords(step), DISK, step.name)
      }
    },
  }
}

export function spindleHand(folder: string): Hand {
  const path = join(folder, DISK)
  const parts = systemParts()
  const { context } = recorded()
  return {
    name: 'Spindle',
    async do(step, id) {
      switch (step.kind) {
        case 'work':
          await workBySpindle(path, step.steps)
          break
        case 'pack':
          throw new Error('Spindle packs no clusters of an image that is there already')
        case 'snapshot': {
          const { name } = step
          const action = step.action === 'create' ? ({ kind: 'create', name } as const) : { kind: step.action, id }
          await snapshot({ kind: 'snapshot', path, action }, context, parts)
          break
        }
        case 'resize': {
          const { size: virtualSize, preallocation } = step
          await resize({ kind: 'resize', path, virtualSize, shrink: true, preallocation }, context, parts)
          break
        }
        case 'commit': {
          const base = step.base === undefined ? {} : { base: join(folder, step.base) }
          // The folder holds other overlays of the same bases, which the history does not look at.
          await commit({ kind: 'commit', path, keepTop: step.keepTop, allowOthers: true, ...base }, context, parts)
          break
        }
        case 'rebase': {
          const { nameOnly, backing } = step
          const below = backing && { backing: { path: backing.name, format: backing.format } }
          await rebase({ kind: 'rebase', path, nameOnly, ...below }, context, parts)
          break
        }
        case 'amend':
          await amend({ kind: 'amend', path, options: step.options }, context, parts)
          break
        default: {
          const { action, granularity, from, name } = step
          const one =
            action === 'add'
              ? { kind: action, ...(granularity !== undefined && { granularity }) }
              : action === 'merge'
                ? { kind: action, from: from ?? name }
                : { kind: action }
          await bitmap({ kind: 'bitmap', path, name, actions: [one] }, context, parts)
        }
      }
    },
  }
}

async function workBySpindle(path: string, steps: readonly DiskStep[]): Promise<void> {
  await using disk = await openImage(path, 'qcow2', 'write')
  for (const step of steps) {
    if (step.kind === 'write') await disk.write(step.offset, step.bytes)
    else if (step.kind === 'zero') await disk.zero(step.offset, step.length, step.unmap)
    else if (step.kind === 'discard') await disk.discard(step.offset, step.length)
  }
}

function workByQemu(qemu: Qemu, steps: readonly DiskStep[]): void {
  const commands = steps.flatMap((step, index): readonly string[] => {
    if (step.kind === 'write') {
      const name = `pattern-${index}`
      writeFileSync(join(qemu.folder, name), step.bytes)
      return [`write -s ${name} ${step.offset} ${step.bytes.length}`]
    }
    if (step.kind === 'zero') return [`write -z${step.unmap ? ' -u' : ''} ${step.offset} ${step.length}`]
    return step.kind === 'discard' ? [`discard ${step.offset} ${step.length}`] : []
  })
  if (commands.length > 0) qemu.io(DISK, commands)
}

/** A packed write past the end of a disk that ends inside a cluster is cut there. */
function packByQemu(qemu: Qemu, clusters: readonly number[], { size, clusterSize }: Sizes): void {
  const commands = clusters.map((cluster) => {
    const start = cluster * clusterSize
    return `write -c -P ${1 + (cluster % 255)} ${start} ${Math.min(clusterSize, size - start)}`
  })
  try {
    qemu.io(DISK, commands)
  } catch (error) {
    // What has its place already it does not pack, and says that the device failed. It does both sides, so both are alike.
    if (!String(error).includes('Input/output error')) throw error
  }
}

function snapshotWords({ action, name }: MixedStep & { kind: 'snapshot' }, id: string): readonly string[] {
  if (action === 'create') return ['-c', name]
  return [action === 'apply' ? '-a' : '-d', action === 'apply' ? id : name]
}

/** Its other two ways of preallocation fail where the file is already longer than it works out. */
function resizeWords({ size, preallocation }: MixedStep & { kind: 'resize' }, before: Sizes): readonly string[] {
  if (size < before.size) return ['--shrink']
  return [`--preallocation=${preallocation === 'off' ? 'off' : 'metadata'}`]
}

function commitWords({ keepTop, base }: MixedStep & { kind: 'commit' }): readonly string[] {
  return [...(keepTop ? ['-d'] : []), ...(base === undefined ? [] : ['-b', base])]
}

function rebaseWords({ nameOnly, backing }: MixedStep & { kind: 'rebase' }): readonly string[] {
  const below = backing ? ['-b', backing.name, '-F', backing.format satisfies FormatId] : ['-b', '']
  return [...(nameOnly ? ['-u'] : []), ...below]
}

function bitmapWords({ action, granularity, from }: MixedStep & { kind: 'bitmap' }): readonly string[] {
  if (action === 'merge') return ['--merge', from ?? '']
  return [`--${action}`, ...(granularity === undefined ? [] : ['-g', String(granularity)])]
}
