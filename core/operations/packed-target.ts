// Whether a conversion is to end in a file that is packed as a whole.

import type { ConvertJob } from '../model/job.ts'

/** Whether the job asks for such a file: compression, a raw disk, and the name for it. */
export function asksForGzip({ format, compress, target }: ConvertJob): boolean {
  return format === 'raw' && compress && target.toLowerCase().endsWith('.gz')
}
