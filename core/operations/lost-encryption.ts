// Whether a copy can be read by anyone while its source could not.

import type { Details } from '../model/image.ts'
import type { ConvertJob } from '../model/job.ts'

export function losesEncryption({ format, options }: ConvertJob, layers: readonly Details[]): boolean {
  const stays = format === 'luks' || (options['encrypt.format'] ?? '') !== ''
  return !stays && layers.some(({ encrypted }) => encrypted === true)
}
