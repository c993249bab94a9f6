// Checking and repairing a QED image.

import type { Checker } from '../../../image/facets.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { openHeader } from '../header.ts'
import { QedFile } from '../qed-file.ts'
import { examine, reportOf } from './examine.ts'
import { repair } from './repair.ts'

/** Throws `invalid-image` or `unsupported` when the header itself makes no sense. The storage stays the caller's. */
export async function qedChecker(storage: Storage): Promise<Checker> {
  const { header } = await openHeader(storage)
  const open = async (): Promise<QedFile> => new QedFile(storage, await openHeader(storage))
  return {
    virtualSize: header.image_size,
    check: async (pace?: Pace): Promise<CheckReport> => reportOf(await examine(await open(), pace)),
    repair: async (mode: RepairMode, pace?: Pace): Promise<RepairReport> => repair(await open(), mode, pace),
  }
}
