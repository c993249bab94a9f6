// A volume's name with its picture; too long a name is cut in the middle.

import { createContext, useContext } from 'react'
import { formatShape } from '../../state/formats.ts'
import { Glyph } from '../../ui/glyph.tsx'
import { cutMiddle } from '../../ui/middle.ts'
import type { Cut } from '../../ui/middle.ts'
import styles from './volume-name.module.css'

/** How much room the name column has and how wide text is: measured once for all rows. */
export const NameRoom = createContext<(name: string) => Cut>((name) => ({ head: name, tail: '' }))

/** The glyph, and the gap after it. */
const BEFORE_NAME = 24

export function cutsFor(columnWidth: number, widthOf: (text: string) => number): (name: string) => Cut {
  // Before the column is measured there is nothing to cut by.
  if (columnWidth <= 0) return (name) => ({ head: name, tail: '' })
  return (name) => cutMiddle(name, columnWidth - BEFORE_NAME, widthOf)
}

export function VolumeName({ name, format }: { readonly name: string; readonly format: string | undefined }) {
  const { head, tail } = useContext(NameRoom)(name)
  const slash = head.lastIndexOf('/') + 1
  return (
    <span className={styles.name}>
      <Glyph shape={formatShape(format)} className={styles.glyph} />
      <span className={styles.text} title={name}>
        {slash > 0 && <span className={styles.folder}>{head.slice(0, slash)}</span>}
        {head.slice(slash)}
        {tail}
      </span>
    </span>
  )
}
