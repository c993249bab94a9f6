// contents: the partitions and file systems on a disk.

import { readContents } from '../contents/read-contents.ts'
import type { DiskContents } from '../model/contents.ts'
import { SpindleError, errorData } from '../model/error.ts'
import { turnsOf } from './cancel.ts'
import { inspect } from './inspect.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

export interface ContentsSpec {
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: string
}

/** Of a disk whose data cannot be read, that this is so and why. Throws where not even the image can be opened. */
export async function contents(spec: ContentsSpec, parts: Parts): Promise<DiskContents> {
  try {
    await using disk = await openSource(spec.path, spec.format, parts)
    const pace = turnsOf()
    return await readContents(disk, async () => pace(0))
  } catch (error) {
    if (!(error instanceof SpindleError) || error.code === 'internal') throw error
    const [facts] = await inspect({ ...spec, chain: false }, parts)
    return {
      diskSize: facts?.virtualSize ?? 0,
      scheme: 'none',
      sectorSize: 512,
      partitions: [],
      problems: [],
      unreadable: errorData(error),
    }
  }
}
