// The partitions of a disk in words: the accessible form of the bar above it.

import { useTranslation } from 'react-i18next'
import { FILE_SYSTEM_TITLES } from '../../../core/model/index.ts'
import type { DiskContents, FileSystemFacts } from '../../../core/model/index.ts'
import { usedPart } from '../../state/contents.ts'
import { sizeText } from '../../state/text.ts'
import { Bar } from '../../ui/bar.tsx'
import styles from './contents.module.css'

interface Line {
  readonly key: string
  readonly index: string
  readonly type: string
  readonly detail: string | undefined
  readonly start: number
  readonly length: number
  readonly fileSystem: FileSystemFacts | undefined
}

export function PartitionTable({ contents }: { readonly contents: DiskContents }) {
  const { t } = useTranslation()
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th className={styles.number}>{t('contents.column.index')}</th>
          <th>{t('contents.column.type')}</th>
          <th className={styles.number}>{t('contents.column.start')}</th>
          <th className={styles.number}>{t('contents.column.size')}</th>
          <th>{t('contents.column.fileSystem')}</th>
          <th>{t('contents.column.label')}</th>
          <th>{t('contents.column.used')}</th>
          <th>{t('contents.column.id')}</th>
        </tr>
      </thead>
      <tbody>
        {linesOf(contents, t('contents.wholeDisk'), t('contents.bootable')).map(({ key, ...line }) => (
          <tr key={key}>
            <td className={styles.number}>{line.index}</td>
            <td>
              {line.type} {line.detail !== undefined && <span className="muted">{line.detail}</span>}
            </td>
            <td className={styles.number}>{sizeText(line.start)}</td>
            <td className={styles.number}>{sizeText(line.length)}</td>
            <td>{line.fileSystem ? FILE_SYSTEM_TITLES[line.fileSystem.kind] : <span className="muted">–</span>}</td>
            <td>{line.fileSystem?.label}</td>
            <td>
              <Fill fileSystem={line.fileSystem} room={line.length} />
            </td>
            <td className={styles.code}>{line.fileSystem?.uuid}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Fill({ fileSystem, room }: { readonly fileSystem: FileSystemFacts | undefined; readonly room: number }) {
  const { t } = useTranslation()
  const used = fileSystem?.used
  const part = usedPart(used, fileSystem?.size ?? room)
  if (used === undefined || part === undefined) return <span className="muted">–</span>
  return (
    <div className={styles.fill}>
      <Bar part={part} kind="space" title={t('contents.usedOf', { used: sizeText(used), size: sizeText(room) })} />
      <span>{sizeText(used)}</span>
    </div>
  )
}

function linesOf(contents: DiskContents, wholeDisk: string, bootable: string): readonly Line[] {
  const { partitions, fileSystem, diskSize } = contents
  const whole: readonly Line[] = fileSystem
    ? [
        {
          key: 'whole',
          index: '',
          type: wholeDisk,
          detail: undefined,
          start: 0,
          length: fileSystem.size ?? diskSize,
          fileSystem,
        },
      ]
    : []
  return [
    ...whole,
    ...partitions.map(({ index, offset, length, type, name, bootable: boots, fileSystem: inside }) => ({
      key: `${index} ${offset}`,
      index: String(index),
      type,
      detail: [name, boots === true && bootable].filter(Boolean).join(', ') || undefined,
      start: offset,
      length,
      fileSystem: inside,
    })),
  ]
}
