// The Create dialog's form: what it refuses, and the request it comes to.

import { describe, expect, test } from 'vitest'
import { GiB, KiB } from '../../core/model/index.ts'
import { createCommand } from '../../renderer/features/create/command.ts'
import { freeName, fullName, namesIn, problemsOf, requestOf } from '../../renderer/features/create/form.ts'
import type { CreateForm } from '../../renderer/features/create/form.ts'
import { SLIDER_MAX, TICKS, positionOf, sizeAt } from '../../renderer/features/create/size-scale.ts'
import { FORMATS } from './preview/fake-formats.ts'
import { volume } from './volumes.ts'

const [qcow2, raw] = FORMATS
if (!qcow2 || !raw) throw new Error('Two formats are needed here.')

const FORM: CreateForm = {
  format: 'qcow2',
  name: 'web1',
  folder: 'place',
  size: '20G',
  backing: undefined,
  options: {},
  overwrite: false,
}

describe('the form', () => {
  test('comes to a request with the extension of the format', () => {
    expect(requestOf(FORM, qcow2)).toEqual({
      kind: 'create',
      folder: 'place',
      name: 'web1.qcow2',
      format: 'qcow2',
      options: {},
      virtualSize: 20 * GiB,
    })
  })

  test('does not add an extension twice', () => {
    expect(fullName({ ...FORM, name: 'web1.QCOW2' }, qcow2)).toBe('web1.QCOW2')
    expect(fullName({ ...FORM, name: 'web1.qcow2' }, raw)).toBe('web1.qcow2.raw')
    expect(fullName({ ...FORM, name: 'disk.img' }, raw)).toBe('disk.img')
  })

  test('sends only options that differ from the format’s own defaults', () => {
    const options = { cluster_size: 64 * KiB, extended_l2: true, preallocation: 'metadata' }
    expect(requestOf({ ...FORM, options }, qcow2)?.options).toEqual({ extended_l2: true, preallocation: 'metadata' })
    expect(requestOf({ ...FORM, options }, raw)?.options).toEqual({})
  })

  test('over a base the size may be left out; raw has no base', () => {
    const overlay = { ...FORM, size: '', backing: 'base' }
    expect(requestOf(overlay, qcow2)).toMatchObject({ backing: 'base' })
    expect(requestOf(overlay, qcow2)).not.toHaveProperty('virtualSize')
    expect(requestOf({ ...overlay, size: '4G' }, raw)).not.toHaveProperty('backing')
  })

  test.each([
    ['no name', { name: '  ' }, { name: 'nameMissing' }],
    ['a path for a name', { name: '../web1' }, { name: 'nameSeparator' }],
    ['two dots', { name: '..' }, { name: 'nameReserved' }],
    ['a taken name', { name: 'taken' }, { name: 'nameTaken' }],
    ['no folder', { folder: undefined }, { folder: 'folderMissing' }],
    ['no size', { size: '' }, { size: 'sizeMissing' }],
    ['something that is no size', { size: '20Gib8' }, { size: 'sizeInvalid' }],
    ['nothing as size', { size: '0' }, { size: 'sizeZero' }],
  ] as const)('says what is wrong with %s', (_, part, problems) => {
    const form = { ...FORM, ...part }
    expect(problemsOf(form, qcow2, new Set(['taken.qcow2']))).toEqual(problems)
  })

  test('a taken name is fine once replacing was asked for', () => {
    const form = { ...FORM, name: 'taken', overwrite: true }
    expect(problemsOf(form, qcow2, new Set(['taken.qcow2']))).toEqual({})
    expect(requestOf(form, qcow2)).toMatchObject({ overwrite: true })
  })

  test('offers the first free name, looking only at the folder itself', () => {
    const taken = namesIn('place', [
      volume('volume-1.qcow2'),
      volume('sub/volume-2.qcow2'),
      volume('volume-2.qcow2', { place: 'elsewhere' }),
    ])
    expect(freeName('volume', '.qcow2', taken)).toBe('volume-2')
  })
})

describe('the equivalent command', () => {
  test('is what the command line takes', () => {
    const request = requestOf({ ...FORM, options: { extended_l2: true, cluster_size: 128 * KiB } }, qcow2)
    expect(request && createCommand(request, { folder: '~/VMs' })).toBe(
      'spindle create -f qcow2 -o cluster_size=131072,extended_l2=on ~/VMs/web1.qcow2 20G',
    )
  })

  test('quotes what a shell would read otherwise, and names the base', () => {
    const request = requestOf({ ...FORM, name: "sam's disk", size: '', backing: 'b' }, qcow2)
    const backing = { path: '/my disks/base.qcow2', format: 'qcow2' }
    expect(request && createCommand(request, { folder: '~/My VMs', backing })).toBe(
      String.raw`spindle create -f qcow2 -b '/my disks/base.qcow2' -F qcow2 ~/'My VMs/sam'\''s disk.qcow2'`,
    )
  })
})

describe('the size slider', () => {
  test('meets its ticks exactly, there and back', () => {
    for (const { at, bytes } of TICKS) {
      expect(sizeAt(at)).toBe(bytes)
      expect(positionOf(bytes)).toBeCloseTo(at)
    }
  })

  test('only grows to the right, in whole GiB, and stays within its ends', () => {
    let before = 0
    for (let position = 0; position <= SLIDER_MAX; position++) {
      const bytes = sizeAt(position)
      expect(bytes).toBeGreaterThanOrEqual(before)
      expect(bytes % GiB).toBe(0)
      before = bytes
    }
    expect(positionOf(1)).toBe(0)
    expect(positionOf(1e18)).toBe(SLIDER_MAX)
  })
})
