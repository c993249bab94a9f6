// Shortcuts: how they are heard, and how they are written.

import { tinykeys } from 'tinykeys'
import type { Overview } from '../../electron/contract/data.ts'
import { useDialogs } from '../state/dialogs.ts'
import { commands } from './commands.ts'

/** Returns the function that ends it. A dialog has the keyboard for itself. */
export function listenForShortcuts(target: Window): () => void {
  const bindings = commands.flatMap((command) => {
    const handler = (event: KeyboardEvent): void => {
      // What has the focus took the key for itself: Delete in a list of its own.
      if (event.defaultPrevented) return
      if (event.isComposing || isTyping(event) || useDialogs.getState().dialog.kind !== 'none') return
      // What it means elsewhere, such as copying selected text, still holds then.
      if (command.unavailable?.() !== undefined) return
      event.preventDefault()
      command.run()
    }
    const keys = [command.shortcut, command.otherShortcut].filter((one) => one !== undefined)
    return keys.map((key) => [key, handler] as const)
  })
  return tinykeys(target, Object.fromEntries(bindings), { ignore: () => false })
}

/** In a text field, editing keys belong to the field. */
function isTyping(event: KeyboardEvent): boolean {
  const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement
  // These edit the text, whatever they mean elsewhere.
  if (inField && ['Delete', 'Backspace', 'Home', 'End'].includes(event.key)) return true
  return inField && (event.ctrlKey || event.metaKey) && ['a', 'c', 'v', 'x', 'z'].includes(event.key.toLowerCase())
}

const PLAIN_KEYS: Readonly<Record<string, string>> = { $mod: 'Ctrl', ArrowLeft: 'Left' }
const MAC_KEYS: Readonly<Record<string, string>> = { $mod: '⌘', Shift: '⇧', Alt: '⌥', Control: '⌃', ArrowLeft: '←' }

/** `Ctrl+Shift+O`, or `⇧⌘O` on a Mac. */
export function shortcutText(shortcut: string, platform: Overview['platform']): string {
  // Digits by where they are: with Alt held, a Mac makes other characters of them.
  const keys = shortcut.split('+').map((key) => key.replace('Digit', ''))
  if (platform !== 'darwin') return keys.map((key) => PLAIN_KEYS[key] ?? key).join('+')
  const modifiers = keys.slice(0, -1).toReversed()
  const last = keys.at(-1) ?? ''
  return [...modifiers, last].map((key) => MAC_KEYS[key] ?? key).join('')
}
