// From an examination to what is shown: the notes that the header adds, the totals, the findings.

import type { CheckReport } from '../../../model/check.ts'
import { AUTOCLEAR, HEADER, INCOMPATIBLE } from '../layout.ts'
import type { HeaderFields } from '../layout.ts'
import type { CheckedImage } from './checked-image.ts'
import type { Examined } from './examine.ts'
import type { FindingFacts } from '../../../image/findings.ts'

/** `header` where it has been changed since. */
export function reportOf(
  { examination, differences, allocated, fragmented, compressed }: Examined,
  header = examination.image.header,
): CheckReport {
  const { image, findings, checkErrors } = examination
  const { clusterSize } = image.geometry
  for (const note of notesOf(image, header)) findings.add('note', 1, () => note)
  return {
    findings: findings.list(),
    unlisted: findings.unlisted(),
    totals: {
      imageEndOffset: Math.max(1, differences.end) * clusterSize,
      totalClusters: Math.ceil(image.virtualSize / clusterSize),
      allocatedClusters: allocated,
      fragmentedClusters: fragmented,
      compressedClusters: compressed,
      corruptions: findings.count('error'),
      leaks: findings.count('leak'),
      checkErrors,
    },
    clusterSize,
  }
}

/** True when the header says that the image was not left in order. */
export function isMarked({ incompatible_features: features }: HeaderFields): boolean {
  return (features & (INCOMPATIBLE.dirty | INCOMPATIBLE.corrupt)) !== 0n
}

function notesOf({ geometry, extensions, hasBitmaps }: CheckedImage, header: HeaderFields): FindingFacts[] {
  const { incompatible_features, autoclear_features, header_length } = header
  const featuresAt = HEADER.fields.incompatible_features.offset
  const autoclearAt = HEADER.fields.autoclear_features.offset
  return [
    has(incompatible_features, INCOMPATIBLE.dirty) && {
      code: 'marked-dirty',
      message: 'It was not closed in order, so its reference counts may be out of date. A repair takes this mark off.',
      hostOffset: featuresAt,
    },
    has(incompatible_features, INCOMPATIBLE.corrupt) && {
      code: 'marked-corrupt',
      message: 'It is marked as damaged and can only be read. A repair that leaves no error takes this mark off.',
      hostOffset: featuresAt,
    },
    extensions.bitmaps !== undefined &&
      !hasBitmaps && {
        code: 'bitmaps-outdated',
        message:
          'It was changed by a program that does not keep bitmaps up to date, so its bitmaps say nothing any more; their room counts as leaked.',
        hostOffset: extensions.bitmaps.bitmap_directory_offset,
      },
    extensions.bitmaps === undefined &&
      has(autoclear_features, AUTOCLEAR.bitmaps) && {
        code: 'bitmaps-missing',
        message: 'Its header vouches for bitmaps and names none.',
        hostOffset: autoclearAt,
      },
    geometry.version >= 3 &&
      header_length % 8 !== 0 && {
        code: 'header-length',
        message: `Its header is ${header_length} bytes long, which is not a multiple of 8.`,
        hostOffset: HEADER.fields.header_length.offset,
      },
  ].filter((note) => note !== false)
}

function has(word: bigint, bit: bigint): boolean {
  return (word & bit) !== 0n
}
