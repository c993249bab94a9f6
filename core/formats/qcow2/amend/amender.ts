// Changing what was chosen when the image was made: version, width of counts, lazy counts, and its data file.

import type { Amender } from '../../../image/facets.ts'
import type { Pace } from '../../../jobs/pace.ts'
import { SpindleError } from '../../../model/error.ts'
import type { ErrorData } from '../../../model/error.ts'
import type { OptionValues } from '../../../model/option.ts'
import { writeHead } from '../head.ts'
import type { ImageFile } from '../image-file.ts'
import { AUTOCLEAR, COMPATIBLE, EXTENSION } from '../layout.ts'
import type { SnapshotWriting } from '../snapshot-table.ts'
import type { TreeWork } from '../tree.ts'

/** The one value that every version 2 image has. */
const USUAL_WIDTH = 16

export class Qcow2Amender implements Amender {
  readonly #file: ImageFile
  readonly #dataFile: string | undefined
  readonly #hasBacking: boolean
  readonly #unreadable: ErrorData | undefined
  readonly #writing: SnapshotWriting | undefined

  constructor(
    file: ImageFile,
    image: { readonly dataFile?: string; readonly hasBacking: boolean; readonly unreadable?: ErrorData },
    writing: SnapshotWriting | undefined,
  ) {
    this.#file = file
    this.#dataFile = image.dataFile
    this.#hasBacking = image.hasBacking
    this.#unreadable = image.unreadable
    this.#writing = writing
  }

  steps(options: OptionValues): readonly OptionValues[] {
    const { geometry, header } = this.#file
    const isVersion3 = geometry.version >= 3
    const { compat = isVersion3 ? '1.1' : '0.10', refcount_bits: width = geometry.refcountBits } = options
    const isLazy = (header.compatible_features & COMPATIBLE.lazyRefcounts) !== 0n
    const isRaw = (header.autoclear_features & AUTOCLEAR.rawExternalData) !== 0n
    const { lazy_refcounts: lazy = isLazy, data_file_raw: raw = isRaw, data_file: dataFile } = options
    const staysOld = compat === '0.10'
    if (staysOld && width !== USUAL_WIDTH) throw this.#needsVersion3(`reference counts of ${String(width)} bits`)
    if (staysOld && lazy === true && !isLazy) throw this.#needsVersion3('lazy reference counts')
    if (raw === true && !isRaw)
      throw this.#refusal('was not made with a raw data file, so its data file cannot become one')
    if (dataFile !== undefined && !geometry.externalData)
      throw this.#refusal('keeps its data in itself, so it has no data file that could be named')
    if (dataFile === '') throw this.#refusal('would no longer say in which file its data is')
    return [
      ...(!staysOld && !isVersion3 ? [{ compat }] : []),
      ...(width === geometry.refcountBits ? [] : [{ refcount_bits: width }]),
      ...(raw === isRaw ? [] : [{ data_file_raw: raw }]),
      ...(dataFile === undefined || dataFile === this.#dataFile ? [] : [{ data_file: dataFile }]),
      ...(lazy === isLazy ? [] : [{ lazy_refcounts: lazy }]),
      ...(staysOld && isVersion3 ? [{ compat }] : []),
    ]
  }

  async amend(step: OptionValues, pace?: Pace): Promise<void> {
    // Of an image whose data file is gone, which it may have another name for, the name can be changed all the same.
    const isUnreached = this.#unreadable?.code === 'missing-file' || this.#unreadable?.code === 'outside'
    if (this.#unreadable && !(isUnreached && 'data_file' in step)) throw SpindleError.fromData(this.#unreadable)
    if (!this.#writing) throw this.#refusal('is open for reading only')
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    await changes.whole(async () => this.#act(step, { file: this.#file, changes, pace }))
  }

  async #act(step: OptionValues, work: TreeWork): Promise<void> {
    const { file } = work
    const { compatible_features, autoclear_features } = file.header
    for (const [name, value] of Object.entries(step)) {
      switch (name) {
        case 'compat':
          await changeVersion(work, value === '0.10' ? 2 : 3, this.#hasBacking)
          break
        case 'refcount_bits':
          await (await import('./change-width.ts')).changeWidth(work, Number(value))
          break
        case 'lazy_refcounts': {
          const others = compatible_features & ~COMPATIBLE.lazyRefcounts
          await file.writeHeader({ compatible_features: value === true ? others | COMPATIBLE.lazyRefcounts : others })
          await file.storage.flush()
          break
        }
        case 'data_file_raw':
          // It can only be said no longer.
          await file.writeHeader({ autoclear_features: autoclear_features & ~AUTOCLEAR.rawExternalData })
          await file.storage.flush()
          break
        case 'data_file':
          await renameDataFile(file, String(value))
          break
        default:
          throw new SpindleError('internal', `${name} cannot be amended`)
      }
    }
  }

  #needsVersion3(what: string): SpindleError {
    return this.#refusal(`cannot have ${what} in version 2 of the format: they need version 3 (compat=1.1)`)
  }

  /** `what` is a clause that follows the path, without its full stop. */
  #refusal(what: string): SpindleError {
    const { name } = this.#file.storage
    return new SpindleError('unsupported', `${name} ${what}. Nothing was changed.`, { path: name })
  }
}

async function changeVersion(work: TreeWork, version: 2 | 3, hasBacking: boolean): Promise<void> {
  const { downgrade, upgrade } = await import('./version.ts')
  if (version === 2) await downgrade(work, hasBacking)
  else await upgrade(work)
}

async function renameDataFile(file: ImageFile, name: string): Promise<void> {
  const named = { type: EXTENSION.dataFile, data: new TextEncoder().encode(name) }
  await writeHead(
    file,
    { extensions: (old) => old.map((one) => (one.type === EXTENSION.dataFile ? named : one)) },
    'the name of that data file',
  )
}
