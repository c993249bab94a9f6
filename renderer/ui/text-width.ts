// How wide text will be drawn, by adding up characters that were measured once.

const FALLBACK_WIDTH = 7
const REPEATS = 10
const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(32 + index))

/** For one font, in CSS pixels. Kerning is left out: it makes the sum a little too wide, seldom too narrow. */
export function textMeasure(font: string): (text: string) => number {
  const context = document.createElement('canvas').getContext('2d')
  if (context) {
    context.font = font
    context.textRendering = 'geometricPrecision'
  }
  const widths = drawnWidths(font)

  function widthOf(character: string): number {
    let width = widths.get(character)
    if (width === undefined) {
      width = context?.measureText(character).width ?? FALLBACK_WIDTH
      widths.set(character, width)
    }
    return width
  }

  return (text) => {
    let sum = 0
    for (const character of text) sum += widthOf(character)
    return sum
  }
}

/**
 * The page asks its font for tabular figures, which changes digits, hyphens and more; a canvas cannot be told to.
 * So what most names are made of is drawn once, unseen, and measured.
 */
function drawnWidths(font: string): Map<string, number> {
  const probe = document.createElement('div')
  probe.style.cssText = 'position: absolute; visibility: hidden; white-space: pre'
  probe.style.font = font
  probe.style.fontVariantNumeric = 'tabular-nums'
  const samples = ASCII.map((character) => {
    const sample = document.createElement('span')
    sample.textContent = character.repeat(REPEATS)
    probe.append(sample)
    return [character, sample] as const
  })
  document.body.append(probe)
  const widths = new Map(
    samples.map(([character, sample]) => [character, sample.getBoundingClientRect().width / REPEATS]),
  )
  probe.remove()
  return widths
}
