// A volume's name with its picture, and that of its parent; too long ones are cut in the middle.

import { LockKeyhole } from 'lucide-react'
import { use } from 'react'
import type { Volume } from '../../../electron/contract/data.ts'
import { useRenaming } from '../../state/renaming.ts'
import { formatShape } from '../../state/formats.ts'
import { fileName, stem } from '../../state/volumes.ts'
import { classNames } from '../../ui/class-names.ts'
import { Glyph } from '../../ui/glyph.tsx'
import { CutsContext } from './cuts.ts'
import { NameField } from './name-field.tsx'
import styles from './volume-name.module.css'

export function VolumeName({ volume }: { readonly volume: Volume }) {
  const isRenamed = useRenaming((state) => state.id === volume.id)
  return isRenamed ? <NameField volume={volume} /> : <ShownName volume={volume} />
}

function ShownName({ volume: { name, format, encrypted } }: { readonly volume: Volume }) {
  const { head, tail } = use(CutsContext).name(name)
  const slash = head.lastIndexOf('/') + 1
  return (
    <span className={styles.name}>
      {encrypted === true ? (
        <LockKeyhole className={styles.glyph} aria-hidden="true" />
      ) : (
        <Glyph shape={formatShape(format)} className={styles.glyph} />
      )}
      <span className={styles.text} title={name} aria-hidden={tail === '' ? undefined : true}>
        {slash > 0 && <span className={styles.folder}>{head.slice(0, slash)}</span>}
        {head.slice(slash)}
        {tail}
      </span>
      {/* Cut for the eye only. */}
      {tail !== '' && <span className="visually-hidden">{name}</span>}
    </span>
  )
}

export function ParentName({ backing }: { readonly backing: string | undefined }) {
  const name = backing === undefined ? '' : stem(fileName(backing))
  const { head, tail } = use(CutsContext).parent(name)
  if (backing === undefined) return null
  return (
    <>
      <span
        className={classNames('secondary', styles.parent)}
        title={backing}
        aria-hidden={tail === '' ? undefined : true}
      >
        {head}
        {tail}
      </span>
      {tail !== '' && <span className="visually-hidden">{name}</span>}
    </>
  )
}
