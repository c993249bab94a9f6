// Names cut in the middle: the beginning tells which, the end tells what kind.

export interface Cut {
  readonly head: string
  /** Empty when nothing was cut. */
  readonly tail: string
}

const ELLIPSIS = '…'
/** Characters before the extension that stay: `…26-09.qcow2`. */
const KEPT_BEFORE_EXTENSION = 5
const LONGEST_EXTENSION = 8

/** Fits `text` into `room`; both in the unit `widthOf` measures in. A head that was cut ends with an ellipsis. */
export function cutMiddle(text: string, room: number, widthOf: (text: string) => number): Cut {
  if (widthOf(text) <= room) return { head: text, tail: '' }
  const characters = [...text]
  const dot = text.lastIndexOf('.')
  const extension = dot > 0 && text.length - dot <= LONGEST_EXTENSION ? [...text.slice(dot)].length : 0
  let tail = characters.slice(-Math.min(characters.length - 1, extension + KEPT_BEFORE_EXTENSION)).join('')
  while (tail.length > 1 && widthOf(ELLIPSIS + tail) > room) tail = [...tail].slice(1).join('')
  const rest = characters.slice(0, characters.length - [...tail].length)
  let left = room - widthOf(ELLIPSIS + tail)
  let kept = 0
  for (const character of rest) {
    left -= widthOf(character)
    if (left < 0) break
    kept += 1
  }
  return { head: rest.slice(0, kept).join('').trimEnd() + ELLIPSIS, tail }
}
