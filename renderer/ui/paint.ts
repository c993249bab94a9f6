// Painting a state: a colour and a pattern, so that it can be told from others without the colour.

export interface Look {
  readonly pattern: 'solid' | 'bars' | 'columns' | 'hatch' | 'back-hatch' | 'dot' | 'dots' | 'cross' | 'outline'
  /** A colour token: `--map-data`. */
  readonly color: string
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Turns tokens into colours a canvas understands. */
export type Palette = (token: string) => string

const STEP = 4
const TINT = 0.2

export function paint(context: CanvasRenderingContext2D, { pattern, color }: Look, box: Box, palette: Palette): void {
  const { x, y, width, height } = box
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  context.fillStyle = palette(color)
  context.strokeStyle = palette(color)
  context.lineWidth = 1
  switch (pattern) {
    case 'solid':
      context.fillRect(x, y, width, height)
      break
    case 'bars':
      context.fillRect(x, y, width, height)
      context.fillStyle = palette('--surface')
      for (let line = STEP - 1; line < height - 1; line += STEP) context.fillRect(x, y + line, width, 1)
      break
    case 'columns':
      context.fillRect(x, y, width, height)
      context.fillStyle = palette('--surface')
      for (let line = STEP - 1; line < width - 1; line += STEP) context.fillRect(x + line, y, 1, height)
      break
    case 'dot':
      context.fillRect(x, y, width, height)
      context.fillStyle = palette('--surface')
      context.fillRect(x + Math.floor(width / 2) - 2, y + Math.floor(height / 2) - 2, 4, 4)
      break
    case 'dots':
      context.fillRect(x, y, width, height)
      context.fillStyle = palette('--surface')
      for (let top = 2; top < height - 1; top += STEP)
        for (let left = 2; left < width - 1; left += STEP) context.fillRect(x + left, y + top, 2, 2)
      break
    case 'cross':
      context.fillRect(x, y, width, height)
      context.strokeStyle = palette('--surface')
      context.lineWidth = 1.5
      context.beginPath()
      context.moveTo(x + 3, y + 3)
      context.lineTo(x + width - 3, y + height - 3)
      context.moveTo(x + width - 3, y + 3)
      context.lineTo(x + 3, y + height - 3)
      context.stroke()
      break
    case 'hatch':
      tint(context, box)
      slanted(context, box, 1)
      break
    case 'back-hatch':
      tint(context, box)
      context.lineWidth = 1.5
      slanted(context, box, -1)
      context.lineWidth = 1
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1)
      break
    case 'outline':
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1)
      break
  }
  context.restore()
}

function tint(context: CanvasRenderingContext2D, { x, y, width, height }: Box): void {
  context.globalAlpha = TINT
  context.fillRect(x, y, width, height)
  context.globalAlpha = 1
}

/** The lines keep one grid over the whole canvas: two boxes side by side look like one. */
function slanted(context: CanvasRenderingContext2D, { x, y, width, height }: Box, direction: 1 | -1): void {
  const first = Math.floor((x - height) / STEP) * STEP
  context.beginPath()
  for (let at = first; at < x + width + height; at += STEP) {
    context.moveTo(at, direction === 1 ? y + height : y)
    context.lineTo(at + height, direction === 1 ? y : y + height)
  }
  context.stroke()
}

/** Makes the canvas as sharp as the screen; what is drawn afterwards is in CSS pixels. */
export function sharpContext(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | undefined {
  const scale = window.devicePixelRatio
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext('2d') ?? undefined
  context?.scale(scale, scale)
  return context
}
