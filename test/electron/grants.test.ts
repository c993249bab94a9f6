// Ids that stand for paths: who may read them, and for how long they hold.

import { expect, test } from 'vitest'
import { Grants } from '../../electron/main/grants.ts'

test('an id stands for its path, and a path keeps its id', () => {
  const grants = new Grants()
  const id = grants.volume('/vms/a.qcow2', 'user')
  expect(grants.volume('/vms/a.qcow2', 'library')).toBe(id)
  expect(grants.volumePath(id)).toBe('/vms/a.qcow2')
  expect(id).not.toContain('a.qcow2')
})

test.each(['', '/etc/passwd', '../a', '__proto__', 'constructor', '00000000-0000-0000-0000-000000000000'])(
  '%j, which was never handed out, is refused',
  (id) => {
    const grants = new Grants()
    grants.volume('/etc/passwd', 'user')
    for (const read of ['volumePath', 'folderPath', 'placePath', 'anyPath'] as const) {
      expect(() => grants[read](id)).toThrow(expect.objectContaining({ code: 'access-denied' }))
    }
  },
)

test('a folder is no volume and a volume no folder', () => {
  const grants = new Grants()
  const volume: string = grants.volume('/vms/a.qcow2', 'user')
  const folder: string = grants.folder('/vms')
  expect(() => grants.folderPath(volume)).toThrow('does not know')
  expect(() => grants.volumePath(folder)).toThrow('does not know')
  expect([grants.anyPath(volume), grants.anyPath(folder)]).toEqual(['/vms/a.qcow2', '/vms'])
})

test('what leaves the library is revoked, unless the user has pointed at it as well', () => {
  const grants = new Grants()
  const shown = grants.volume('/vms/a.qcow2', 'library')
  const dropped = grants.volume('/vms/b.qcow2', 'user')
  grants.volume('/vms/b.qcow2', 'library')
  expect(grants.releaseVolume('/vms/a.qcow2')).toBe(shown)
  grants.releaseVolume('/vms/b.qcow2')
  expect(() => grants.volumePath(shown)).toThrow('does not know')
  expect(grants.volumePath(dropped)).toBe('/vms/b.qcow2')
  expect(grants.volume('/vms/a.qcow2', 'library')).not.toBe(shown)
})

test('a removed place is revoked', () => {
  const grants = new Grants()
  grants.keepPlaces([
    { path: '/vms', kind: 'folder' },
    { path: '/iso/one.img', kind: 'file' },
  ])
  const [vms, one] = [grants.place('/vms'), grants.place('/iso/one.img')]
  expect(grants.placePath(vms)).toBe('/vms')
  grants.keepPlaces([{ path: '/iso/one.img', kind: 'file' }])
  expect(() => grants.placePath(vms)).toThrow('does not know')
  expect(() => grants.folderPath(vms)).toThrow('does not know')
  expect(grants.placePath(one)).toBe('/iso/one.img')
})

test('a place that is a single file stands for the folder it lies in', () => {
  const grants = new Grants()
  grants.keepPlaces([{ path: '/iso/one.img', kind: 'file' }])
  expect(grants.folderPath(grants.place('/iso/one.img'))).toBe('/iso')
})

test('a folder keeps its id when it becomes a place, but is no place before', () => {
  const grants = new Grants()
  const id = grants.folder('/vms')
  expect(() => grants.placePath(id)).toThrow('does not know')
  grants.keepPlaces([{ path: '/vms', kind: 'folder' }])
  expect(grants.place('/vms')).toBe(id)
  expect(grants.placePath(id)).toBe('/vms')
})
