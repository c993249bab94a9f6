// The facts of an image as labels and values.

import { exists, t } from 'i18next'
import type { ImageFacts } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import { fullDateText, sizeText } from '../state/text.ts'
import { revealVolume } from '../state/view.ts'
import { fileName, useVolumes } from '../state/volumes.ts'
import type { Fact } from '../ui/facts.tsx'
import styles from './forms.module.css'

/** `holdsSnapshots`: whether the format can have any. */
export function chainFacts(chain: readonly ImageFacts[], holdsSnapshots: boolean): readonly Fact[] {
  const [image] = chain
  if (!image) return []
  const snapshots = image.details.snapshots?.length ?? 0
  return [
    {
      label: t('inspector.backing'),
      value: image.backing ? (
        <BackingLink name={image.backing.path} path={image.backingPath} />
      ) : (
        t('inspector.noBacking')
      ),
    },
    ...(chain.length > 1
      ? [
          {
            label: t('inspector.files'),
            value: t('inspector.filesSize', {
              count: chain.length,
              size: sizeText(chain.reduce((sum, layer) => sum + layer.allocatedSize, 0)),
            }),
          },
        ]
      : []),
    ...(holdsSnapshots || snapshots > 0 ? [{ label: t('inspector.snapshots'), value: snapshotText(snapshots) }] : []),
    ...(image.details.bitmaps && image.details.bitmaps.length > 0
      ? [{ label: t('inspector.bitmaps'), value: String(image.details.bitmaps.length) }]
      : []),
    ...(image.details.dataFile === undefined
      ? []
      : [{ label: t('inspector.dataFile'), value: fileName(image.details.dataFile) }]),
  ]
}

function snapshotText(count: number): string {
  return count === 0 ? t('inspector.none') : String(count)
}

function BackingLink({ name, path }: { readonly name: string; readonly path: string | undefined }) {
  const byId = useVolumes((state) => state.byId)
  const volume = [...byId.values()].find((one) => one.path === path)
  if (!volume) return <span title={name}>{fileName(name)}</span>
  return (
    <button type="button" className={styles.link} title={name} onClick={() => revealVolume(volume.id)}>
      {fileName(name)}
    </button>
  )
}

/** Said elsewhere already, or shown only when it is bad news. */
const LEFT_OUT = new Set(['corrupt', 'data-file', 'bitmaps', 'filename', 'format'])

/** What the image says of itself; keys nobody translated yet are shown as they are. */
export function formatFacts({ details }: ImageFacts): readonly Fact[] {
  return [
    ...(details.clusterSize === undefined
      ? []
      : [{ label: t('inspector.detail.cluster-size'), value: sizeText(details.clusterSize) }]),
    ...Object.entries(details.specific ?? {}).flatMap(([key, value]) =>
      LEFT_OUT.has(key) || typeof value === 'object'
        ? []
        : [{ label: detailLabel(key), value: detailText(key, value) }],
    ),
    ...(details.encrypted === undefined
      ? []
      : [
          {
            label: t('inspector.detail.encrypted'),
            value: details.encrypted ? t('inspector.yes') : t('inspector.none'),
          },
        ]),
    ...(details.dirty === true ? [{ label: t('inspector.state.title'), value: t('inspector.dirty') }] : []),
    ...(details.corrupt === true ? [{ label: t('inspector.state.title'), value: t('inspector.corrupt') }] : []),
  ]
}

function detailLabel(key: string): string {
  const id = `inspector.detail.${key}`
  if (exists(id)) return t(id as 'inspector.detail.compat')
  return key.charAt(0).toUpperCase() + key.slice(1).replaceAll('-', ' ')
}

function detailText(key: string, value: unknown): string {
  if (key === 'compat') return value === '0.10' ? t('inspector.version2') : t('inspector.version3')
  if (value === true) return t('inspector.yes')
  if (value === false) return t('inspector.no')
  return String(value)
}

export function fileFacts(volume: Volume): readonly Fact[] {
  return [
    { label: t('inspector.path'), value: volume.path },
    { label: t('inspector.length'), value: sizeText(volume.fileSize) },
    { label: t('inspector.modified'), value: fullDateText(volume.modifiedAt) },
  ]
}
