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
  const characters = Array.from(text)
  const dot = text.lastIndexOf('.')
  const extension = dot > 0 && text.length - dot <= LONGEST_EXTENSION ? Array.from(text.slice(dot)).length : 0
  let start = Math.max(1, characters.length - extension - KEPT_BEFORE_EXTENSION)
  while (start < characters.length - 1 && widthOf(ELLIPSIS + characters.slice(start).join('')) > room) start += 1
  const rest = characters.slice(0, start)
  const tail = characters.slice(start).join('')
  let left = room - widthOf(ELLIPSIS + tail)
  let kept = 0
  for (const character of rest) {
    left -= widthOf(character)
    if (left < 0) break
    kept += 1
  }
  return { head: rest.slice(0, kept).join('').trimEnd() + ELLIPSIS, tail }
}
