// How wide text will be drawn, by adding up characters that were measured once.

const FALLBACK_WIDTH = 7

/** For one font, in CSS pixels. Kerning is left out: it makes the sum a little too wide, never too narrow. */
export function textMeasure(font: string): (text: string) => number {
  const context = document.createElement('canvas').getContext('2d')
  if (context) {
    context.font = font
    context.textRendering = 'geometricPrecision'
  }
  const widths = new Map<string, number>()

  function widthOf(character: string): number {
    let width = widths.get(character)
    if (width === undefined) {
      // Digits are drawn tabular, all as wide as a zero; a canvas cannot be told that.
      width = context?.measureText(/\d/.test(character) ? '0' : character).width ?? FALLBACK_WIDTH
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
