// Small pictures drawn here, in a box of 16, for what the icon set has none.

import { classNames } from './class-names.ts'

export type GlyphShape = 'stack' | 'drive' | 'sheets' | 'cube' | 'panes' | 'unknown'

const PATHS: Readonly<Record<GlyphShape, string>> = {
  stack: 'M8 2.5 13.5 5.25 8 8 2.5 5.25zM2.5 8.25 8 11l5.5-2.75M2.5 11 8 13.75 13.5 11',
  drive: 'M4.5 3.5h7a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-5a2 2 0 0 1 2-2zM5.5 9.75h.01M8 9.75h2.5',
  sheets: 'M4.5 5.5h4a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2h-4a2 2 0 0 1-2-2v-4a2 2 0 0 1 2-2zM5.5 2.5h6a2 2 0 0 1 2 2v6',
  cube: 'M8 2 13.25 5v6L8 14l-5.25-3V5zM2.75 5 8 8l5.25-3M8 8v6',
  panes: 'M4.5 2.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM8 2.5v11M2.5 8h11',
  unknown:
    'M4.5 2.5h5l4 4v5a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM6.5 7.5a1.5 1.5 0 1 1 1.5 1.5v.5M8 11.5h.01',
}

export function Glyph({ shape, className }: { readonly shape: GlyphShape; readonly className?: string | undefined }) {
  return (
    <svg className={classNames('glyph', className)} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[shape]} />
    </svg>
  )
}
