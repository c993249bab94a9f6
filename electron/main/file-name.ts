// Which names a new file may have: one component of a path, safe on every system it may later be copied to.

import { SpindleError } from '../../core/model/index.ts'

/** Most file systems end at 255 bytes, and a name must leave room for endings such as `.partial`. */
const MAX_NAME_BYTES = 200

/** Windows opens a device, not a file, under these names and with any extension. */
const DEVICE_NAME = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?$/i

const RULES: readonly { readonly broken: (name: string) => boolean; readonly because: string }[] = [
  { broken: (name) => name.trim() === '', because: 'it is empty' },
  { broken: (name) => /[/\\]/.test(name), because: 'it contains a slash, which separates folders' },
  { broken: (name) => /\p{Cc}/u.test(name), because: 'it contains a control character' },
  { broken: (name) => /\p{Bidi_Control}/u.test(name), because: 'it contains characters that hide its real order' },
  { broken: (name) => !name.isWellFormed(), because: 'it contains half a character' },
  { broken: (name) => name.startsWith('.'), because: 'it starts with a dot, which hides files' },
  { broken: (name) => name.startsWith('-'), because: 'it starts with a dash, which programs take for an option' },
  { broken: (name) => /[. ]$/.test(name), because: 'it ends with a dot or a space, which Windows drops' },
  { broken: (name) => DEVICE_NAME.test(name), because: 'Windows reserves it for a device' },
  {
    broken: (name) => Buffer.byteLength(name) > MAX_NAME_BYTES,
    because: `it is longer than ${MAX_NAME_BYTES} bytes`,
  },
  {
    broken: (name) => process.platform === 'win32' && /[<>:"|?*]/.test(name),
    because: 'it contains a character that Windows does not allow: < > : " | ? *',
  },
]

/** Throws `invalid-argument` with the reason. */
export function checkFileName(name: string): void {
  const rule = RULES.find(({ broken }) => broken(name))
  if (!rule) return
  const shown = name.length > 60 ? `${name.slice(0, 59)}…` : name
  throw new SpindleError('invalid-argument', `“${shown}” cannot be the name of a new file: ${rule.because}.`)
}
