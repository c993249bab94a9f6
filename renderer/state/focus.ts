// Lets a command put the focus somewhere without knowing who draws it.

export type FocusTarget = 'filter' | 'table'

const takers = new Map<FocusTarget, () => void>()

/** Returns the function that ends it; fits an effect. */
export function takeFocus(target: FocusTarget, focus: () => void): () => void {
  takers.set(target, focus)
  return () => {
    if (takers.get(target) === focus) takers.delete(target)
  }
}

/** Once what is about to be shown is there. */
export function requestFocusSoon(target: FocusTarget): void {
  requestAnimationFrame(() => requestAnimationFrame(() => requestFocus(target)))
}

export function requestFocus(target: FocusTarget): void {
  takers.get(target)?.()
}
