// Where the table's names are cut: worked out once for a column, not for each row.

import { createContext } from 'react'
import { cutMiddle } from '../../ui/middle.ts'
import type { Cut } from '../../ui/middle.ts'

export interface Cuts {
  readonly name: (text: string) => Cut
  readonly parent: (text: string) => Cut
}

function uncut(text: string): Cut {
  return { head: text, tail: '' }
}

export const CutsContext = createContext<Cuts>({ name: uncut, parent: uncut })

/** The glyph before a name, and the gap after it. */
export const BEFORE_NAME = 24

/** Before the column is measured there is nothing to cut by. */
export function cutsFor(room: number, widthOf: (text: string) => number): (text: string) => Cut {
  return room <= 0 ? uncut : (text) => cutMiddle(text, room, widthOf)
}
