// Names a new file may have.

import { expect, test } from 'vitest'
import { checkFileName } from '../../electron/main/file-name.ts'

test.each([
  ['', 'empty'],
  ['  ', 'empty'],
  ['a/b.qcow2', 'slash'],
  ['..\\b.qcow2', 'slash'],
  ['../../etc/passwd', 'slash'],
  ['a\0.img', 'control'],
  ['a\n.img', 'control'],
  ['a\u202Egmi.qcow2', 'order'],
  ['\uD800.img', 'half a character'],
  ['.hidden', 'dot'],
  ['.', 'dot'],
  ['..', 'dot'],
  ['-O.qcow2', 'dash'],
  ['disk.', 'Windows drops'],
  ['disk.img ', 'Windows drops'],
  ['con', 'device'],
  ['NUL.qcow2', 'device'],
  ['com1.img', 'device'],
  ['LPT¹', 'device'],
  ['x'.repeat(201), '200 bytes'],
  ['é'.repeat(101), '200 bytes'],
])('%j is refused because of “%s”', (name, reason) => {
  expect(() => checkFileName(name)).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(reason) }),
  )
})

test.each(['disk.qcow2', 'Debian 12 (copy).qcow2', '디스크.img', 'x'.repeat(200), 'console.img', 'a-b.c.raw'])(
  '%j is fine',
  (name) => {
    expect(() => checkFileName(name)).not.toThrow()
  },
)
