// The Convert dialog's form: from what was given to one request for each.

import { beforeAll, describe, expect, test } from 'vitest'
import { GiB } from '../../core/model/index.ts'
import type { ConvertPlan } from '../../core/model/index.ts'
import type { Granted } from '../../electron/contract/data.ts'
import { initialForm, otherName, requestOf, rowProblem } from '../../renderer/features/convert/form.ts'
import { rowState } from '../../renderer/features/convert/row-state.ts'
import { speakEnglish } from './english.ts'
import { FORMATS } from './preview/fake-formats.ts'
import { volume } from './volumes.ts'

beforeAll(speakEnglish)

const [qcow2, raw] = FORMATS
if (!qcow2 || !raw) throw new Error('Two formats are needed here.')

const dropped: Granted = {
  kind: 'volume',
  id: 'd1',
  name: 'old.img',
  folder: { id: 'home', label: '~' },
  facts: {
    path: '/home/sam/old.img',
    format: 'raw',
    virtualSize: 8 * GiB,
    allocatedSize: GiB,
    fileSize: 8 * GiB,
    modifiedAt: 0,
    details: {},
  },
}
const PLAN: ConvertPlan = {
  sourceFormat: 'raw',
  virtualSize: 8 * GiB,
  reads: GiB,
  writes: GiB,
  exact: true,
  changes: [],
  free: 100 * GiB,
  targetExists: false,
  command: ['spindle'],
}

describe('the form', () => {
  test('starts with the other format, the source’s folder and name, verification as set', () => {
    const form = initialForm([dropped], FORMATS, true)
    const [row] = form.rows
    expect(row && requestOf(form, row, qcow2)).toEqual({
      kind: 'convert',
      source: 'd1',
      sourceFormat: 'raw',
      folder: 'home',
      name: 'old.qcow2',
      format: 'qcow2',
      options: {},
      compress: false,
      verify: true,
    })
    const library = initialForm([{ kind: 'library', volume: volume('base/a.qcow2') }], FORMATS, false)
    expect(library).toMatchObject({ format: 'raw', folder: undefined, verify: false, rows: [{ name: 'a' }] })
  })

  test('compresses with the chosen codec, and only where the format can', () => {
    const form = { ...initialForm([dropped], FORMATS, true), compress: true, codec: 'zstd' }
    const [row] = form.rows
    expect(row && requestOf(form, row, qcow2)).toMatchObject({ compress: true, options: { compression_type: 'zstd' } })
    expect(row && requestOf({ ...form, format: 'raw' }, row, raw)).toMatchObject({ compress: false, options: {} })
  })

  test('keeps what cannot be converted in sight, with the reason', () => {
    const error = { code: 'unsupported', message: 'letter.docx is no disk image.' } as const
    const form = initialForm(
      [
        dropped,
        { kind: 'refused', name: 'letter.docx', error },
        { kind: 'folder', folder: { id: 'f', label: '~/VMs' } },
      ],
      FORMATS,
      true,
    )
    expect(form.rows).toHaveLength(1)
    expect(form.refused.map((one) => one.name)).toEqual(['letter.docx', '~/VMs'])
    expect(form.refused[0]?.error).toBe(error)
  })

  test('two new files may not get one name', () => {
    const form = initialForm([dropped, { ...dropped, id: 'd2', name: 'old.raw' }], FORMATS, true)
    const problems = form.rows.map((row) => rowProblem(form, row, qcow2))
    expect(problems).toEqual([undefined, 'nameTwice'])
    const [, second] = form.rows
    expect(second && requestOf(form, second, qcow2)).toBeUndefined()
  })

  test('proposes the next name beside one that is taken', () => {
    expect([otherName('old'), otherName('old-2'), otherName('disk-09')]).toEqual(['old-2', 'old-3', 'disk-10'])
  })
})

describe('a row', () => {
  const form = initialForm([dropped], FORMATS, true)
  const [row] = form.rows
  if (!row) throw new Error('There is no row.')
  const state = (plan: Partial<ConvertPlan>, part: { fresh?: boolean; overwrite?: boolean } = {}) =>
    rowState(
      form,
      { ...row, overwrite: part.overwrite ?? false },
      qcow2,
      { planned: { kind: 'planned', plan: { ...PLAN, ...plan } }, fresh: part.fresh ?? true },
      new Map(),
    )

  test('can be started once its plan is there', () => {
    expect(rowState(form, row, qcow2, undefined, new Map()).blocked).toBe('waiting')
    expect(state({}, { fresh: false }).blocked).toBe('waiting')
    expect(state({}).blocked).toBeUndefined()
  })

  test('never runs over a file that is there, unless that was ticked', () => {
    expect(state({ targetExists: true })).toMatchObject({ exists: true, blocked: 'exists' })
    expect(state({ targetExists: true }, { overwrite: true }).blocked).toBeUndefined()
  })

  test('is stopped by a full disk only when the size is certain', () => {
    expect(state({ writes: 200 * GiB }).blocked).toBe('short')
    expect(state({ writes: 200 * GiB, exact: false }).blocked).toBeUndefined()
  })

  test('shows what the engine refused', () => {
    const error = { code: 'missing-file', message: 'base.qcow2 is missing.' } as const
    const refused = rowState(form, row, qcow2, { planned: { kind: 'refused', error }, fresh: true }, new Map())
    expect(refused).toMatchObject({ error, blocked: 'refused' })
  })
})
