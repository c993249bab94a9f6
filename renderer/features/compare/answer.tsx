// What came of comparing: the verdict, and where the disks differ as a strip, by partition and as a table.

import { CircleCheck, CircleExclamationPoint } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { partitionTitle } from '../../../core/model/index.ts'
import type { Differing, DifferingRange, JobResult } from '../../../core/model/index.ts'
import { countText, sizeText } from '../../state/text.ts'
import { Axis } from '../../ui/axis.tsx'
import type { Look } from '../../ui/paint.ts'
import { Strip } from '../../ui/strip.tsx'
import styles from './compare.module.css'

type CompareResult = Extract<JobResult, { kind: 'compare' }>

const DIFFERS: Look = { pattern: 'solid', color: '--map-data' }
const STRIP_HEIGHT = 24

export function Answer({ result }: { readonly result: CompareResult }) {
  const { t } = useTranslation()
  const { identical, firstDifference, allocationDifference, sizeDiffers, commonSize, differing } = result
  const sentences = [
    firstDifference !== undefined &&
      t('compare.differsAt', { size: sizeText(firstDifference), offset: hex(firstDifference) }),
    firstDifference === undefined && !identical && t('compare.sameBytes', { size: sizeText(commonSize) }),
    sizeDiffers && t('compare.sizes', { size: sizeText(commonSize) }),
    allocationDifference !== undefined && t('compare.allocation', { offset: hex(allocationDifference) }),
  ].filter((sentence) => sentence !== false)
  return (
    <>
      <div className={styles.answer} role="status">
        {identical ? (
          <CircleCheck className="icon-20 ok" aria-hidden="true" />
        ) : (
          <CircleExclamationPoint className="icon-20 warn" aria-hidden="true" />
        )}
        <div className="column grow">
          <span className="strong">{identical ? t('compare.identical') : t('compare.different')}</span>
          {sentences.map((sentence) => (
            <span key={sentence} className={styles.sentence}>
              {sentence}
            </span>
          ))}
        </div>
        {differing && differing.count > 0 && <span className="strong nowrap">{amount(differing)}</span>}
      </div>
      {differing && differing.count > 0 && <Places differing={differing} />}
    </>
  )

  function amount({ bytes, count }: Differing): string {
    return t('compare.differs', { size: sizeText(bytes), count, formatted: countText(count) })
  }
}

function Places({ differing }: { readonly differing: Differing }) {
  const { t } = useTranslation()
  const { cells, size, byPartition, ranges, count } = differing
  return (
    <>
      <section className={styles.places} aria-label={t('compare.strip')}>
        <Strip
          cells={cells.map((bytes) => (bytes > 0 ? DIFFERS : undefined))}
          height={STRIP_HEIGHT}
          label={t('compare.strip')}
        />
        <Axis end={sizeText(size)} />
      </section>
      {byPartition.length > 0 && (
        <section className={styles.places}>
          <h3 className="secondary muted medium">{t('compare.byPartition')}</h3>
          <dl className={styles.partitions}>
            {byPartition.map(({ partition, bytes }) => (
              <div key={partition?.index ?? 'outside'}>
                <dt className="cut">{partition ? partitionTitle(partition) : t('compare.outside')}</dt>
                <dd>{sizeText(bytes)}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <section className={styles.places}>
        <h3 className="secondary muted medium">{t('compare.ranges')}</h3>
        {/* Many rows: it scrolls by itself, also by keyboard. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div className={styles.ranges} role="region" aria-label={t('compare.ranges')} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('compare.offset')}</th>
                <th scope="col">{t('compare.length')}</th>
                <th scope="col">{byPartition.length > 0 && t('compare.partition')}</th>
              </tr>
            </thead>
            <tbody>
              {ranges.map((range) => (
                <tr key={range.offset}>
                  <td className={styles.mono}>{hex(range.offset)}</td>
                  <td>{sizeText(range.length)}</td>
                  <td className="cut">{partitionOf(range, differing)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {count > ranges.length && (
          <p className={styles.sentence}>
            {t('compare.more', { shown: countText(ranges.length), count: countText(count) })}
          </p>
        )}
      </section>
    </>
  )
}

function partitionOf({ offset, length }: DifferingRange, { byPartition }: Differing): string {
  return byPartition
    .flatMap(({ partition }) => partition ?? [])
    .filter((one) => offset < one.offset + one.length && one.offset < offset + length)
    .map(partitionTitle)
    .join('; ')
}

function hex(offset: number): string {
  return `0x${offset.toString(16).toUpperCase()}`
}
