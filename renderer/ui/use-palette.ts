// The tokens as colours for canvases: a new palette whenever what is painted must be painted anew.

import { useSyncExternalStore } from 'react'
import type { Palette } from './paint.ts'

let palette = newPalette()

function newPalette(): Palette {
  const colors = new Map<string, string>()
  return (token) => {
    let color = colors.get(token)
    if (color === undefined) {
      color = resolve(token)
      colors.set(token, color)
    }
    return color
  }
}

let probe: HTMLElement | undefined

/** Only an element of the page knows which side of light-dark() holds. */
function resolve(token: string): string {
  if (!probe) {
    probe = document.createElement('span')
    probe.hidden = true
    probe.style.forcedColorAdjust = 'none'
    document.body.append(probe)
  }
  probe.style.color = `var(${token})`
  return getComputedStyle(probe).color
}

function subscribe(changed: () => void): () => void {
  function renew(): void {
    palette = newPalette()
    changed()
  }
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const scale = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`)
  const root = new MutationObserver(renew)
  root.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  dark.addEventListener('change', renew)
  scale.addEventListener('change', renew)
  return () => {
    root.disconnect()
    dark.removeEventListener('change', renew)
    scale.removeEventListener('change', renew)
  }
}

/** Another theme or another scale of the screen gives another one. */
export function usePalette(): Palette {
  return useSyncExternalStore(subscribe, () => palette)
}
