// The stand-in claims nothing that Electron does not have, and carries values as Electron does.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assert, constantFrom, object, oneof, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import * as api from './api.ts'
import { makeCodec } from './codec.ts'
import { WebContents } from './web-contents.ts'

const typings = readFileSync(
  fileURLToPath(new URL('../../node_modules/electron/electron.d.ts', import.meta.url)),
  'utf8',
)

/** Names of the members, static ones included, that Electron's typings give to classes and interfaces. */
function membersOf(...types: readonly string[]): ReadonlySet<string> {
  const bodies = types.map((type) => {
    const body = new RegExp(`\\n  (?:class|interface) ${type}\\b[^\\n]*\\{\\n([\\s\\S]*?)\\n  \\}\\n`).exec(
      typings,
    )?.[1]
    if (body === undefined) throw new Error(`Electron’s typings have no ${type}`)
    return body
  })
  const names = bodies.flatMap((body) => [...body.matchAll(/^ {4}(?:static |readonly )*(\w+)[?]?[(:<]/gm)])
  return new Set(names.map((match) => match[1] ?? ''))
}

/** Of an object, or of a class: its statics, its prototype and what its instances show. */
function namesIn(...objects: readonly object[]): readonly string[] {
  const hidden = new Set(['constructor', 'prototype', 'length', 'name'])
  return objects.flatMap((object) => Object.getOwnPropertyNames(object)).filter((name) => !hidden.has(name))
}

const appNames = [...namesIn(Object.getPrototypeOf(api.app) as object), 'commandLine', 'isPackaged']

test.each<[string, readonly string[], readonly string[]]>([
  ['app', appNames, ['App']],
  ['app.commandLine', namesIn(api.app.commandLine), ['CommandLine']],
  ['BrowserWindow', namesIn(api.BrowserWindow, api.BrowserWindow.prototype), ['BrowserWindow', 'BaseWindow']],
  ['WebContents', namesIn(WebContents.prototype), ['WebContents']],
  ['webContents', namesIn(api.webContents), ['WebContents']],
  ['dialog', namesIn(api.dialog), ['Dialog']],
  ['Notification', namesIn(api.Notification, api.Notification.prototype), ['Notification']],
  ['shell', namesIn(api.shell), ['Shell']],
  ['protocol', namesIn(api.protocol), ['Protocol']],
  ['session', namesIn(api.session), ['Session']],
  ['webRequest', namesIn(api.session.defaultSession.webRequest), ['WebRequest']],
  ['Menu', namesIn(api.Menu, api.Menu.prototype), ['Menu']],
  ['ipcMain', namesIn(Object.getPrototypeOf(api.ipcMain) as object), ['IpcMain']],
  ['nativeTheme', namesIn(Object.getPrototypeOf(api.nativeTheme) as object), ['NativeTheme']],
  ['clipboard', namesIn(api.clipboard), ['Clipboard']],
  ['screen', namesIn(Object.getPrototypeOf(api.screen) as object), ['Screen']],
])('%s has no member that Electron does not have', (_name, names, types) => {
  const known = membersOf(...types)
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => !known.has(name))).toEqual([])
})

test('what the stand-in exports is exported by Electron', () => {
  for (const name of Object.keys(api)) {
    expect(typings, name).toMatch(new RegExp(`\\n  (?:const|class) ${name}\\b`, 'i'))
  }
})

test('values cross as structured clones do', () => {
  const codec = makeCodec()
  const value = {
    nothing: undefined,
    big: 2n ** 70n,
    list: [new Date(3), new Map([['key', new Set([1, 'two'])]]), [undefined, null]],
    words: new Uint16Array([1, 65535]),
    odd: [-Infinity, Number.NaN],
    marked: { $: 'x', value: 1 },
    buffer: new Uint8Array([1, 2]).buffer,
  }
  expect(codec.decode(codec.encode(value))).toEqual(value)
  expect(codec.decode(codec.encode(Buffer.from('hi')))).toEqual(new Uint8Array([104, 105]))
  const error = codec.decode(codec.encode(new TypeError('no')))
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'TypeError', message: 'no' })
})

test('any plain value comes back the same, whatever its keys are called', () => {
  const codec = makeCodec()
  const plain = object({ key: oneof(string(), constantFrom('$', '__proto__', 'value')), withBigInt: true })
  assert(
    property(plain, (value) => {
      expect(codec.decode(codec.encode(value))).toEqual(value)
    }),
    { numRuns: 200 },
  )
})

test('what structured cloning refuses is refused', () => {
  const codec = makeCodec()
  const loop: { self?: unknown } = {}
  loop.self = loop
  for (const value of [loop, () => 1, { deep: [Symbol('s')] }]) {
    expect(() => codec.encode(value)).toThrow('could not be cloned')
  }
})
