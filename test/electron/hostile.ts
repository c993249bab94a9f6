// Requests no page of ours would send. Each must be refused, wherever it is asked.

export interface HostileRequest {
  readonly what: string
  readonly method: string
  /** Of plain data, so that the table can be sent into a page. */
  readonly args: readonly unknown[]
}

/** Stands for a text of 10 MB, which is made where it is sent from. */
export const TEN_MEGABYTES = '<10 MB>'

/** Must name nothing outside itself but its arguments: it also runs in the page. */
export function withLongTexts(value: unknown, mark: string): unknown {
  if (value === mark) return 'a'.repeat(10 * 1024 * 1024)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: unknown) => withLongTexts(item, mark))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withLongTexts(item, mark)]))
}

const NOBODY = '00000000-0000-4000-8000-000000000000'
const convert = {
  kind: 'convert',
  source: NOBODY,
  folder: NOBODY,
  name: 'a.qcow2',
  format: 'qcow2',
  options: {},
  compress: false,
  verify: true,
}
const create = { kind: 'create', folder: NOBODY, name: 'a.qcow2', format: 'qcow2', virtualSize: 1, options: {} }

/** `folder` and `volume` are ids the page was really given; the rest of each request is wrong. */
export function hostileRequests({ folder, volume }: { readonly folder: string; readonly volume: string }) {
  const here = { ...create, folder }
  const snapshot = { kind: 'snapshot', volume }
  const commit = { kind: 'commit', volume, depth: 1, keepTop: false, allowOthers: false }
  const rebase = { kind: 'rebase', volume, nameOnly: false }
  const resize = { kind: 'resize', volume, virtualSize: 1, shrink: false, preallocation: 'off' }
  const bitmap = { kind: 'bitmap', volume, name: 'a' }
  const fromElsewhere = { kind: 'merge', from: 'b', source: { path: '/etc/passwd' } }
  const amend = { kind: 'amend', volume, options: {} }
  const requests: readonly HostileRequest[] = [
    { what: 'a method that does not exist', method: 'readFile', args: ['/etc/passwd'] },
    { what: 'a method of every object', method: 'constructor', args: [] },
    { what: 'a method of every object', method: '__proto__', args: [] },
    { what: 'a method of every object', method: 'toString', args: [] },
    { what: 'the engine’s own method', method: 'setPlaces', args: [['/']] },
    { what: 'the engine’s own method', method: 'close', args: [] },
    { what: 'a path in place of a volume', method: 'inspect', args: ['/etc/passwd'] },
    { what: 'a path in place of a volume', method: 'showInFolder', args: ['/etc/passwd'] },
    { what: 'a path to look into', method: 'contents', args: ['/etc/passwd'] },
    { what: 'a path in place of a volume', method: 'allocation', args: ['/etc/passwd', 10] },
    { what: 'a path in place of a folder', method: 'folder', args: ['/etc'] },
    { what: 'a path in place of a volume', method: 'folderOf', args: ['/etc/passwd'] },
    { what: 'a path in place of an item', method: 'addToLibrary', args: [['/etc']] },
    { what: 'a path in place of a place', method: 'removePlace', args: ['/etc'] },
    { what: 'an id nobody was given', method: 'inspect', args: [NOBODY] },
    { what: 'an id nobody was given', method: 'folder', args: [NOBODY] },
    { what: 'an id nobody was given', method: 'cancelJob', args: ['1-job-1'] },
    { what: 'an id nobody was given', method: 'dismissJob', args: ['1-job-1'] },
    { what: 'an id nobody was given', method: 'startJob', args: [convert] },
    { what: 'a bitmap of another file', method: 'startJob', args: [{ ...bitmap, actions: [fromElsewhere] }] },
    { what: 'nothing to do with a bitmap', method: 'startJob', args: [{ ...bitmap, actions: [] }] },
    { what: 'a format there is not', method: 'startJob', args: [{ ...amend, backingFormat: 'json:{}' }] },
    { what: 'a path for a data file', method: 'startJob', args: [{ ...amend, options: { data_file: '/etc/x' } }] },
    { what: 'an option with a path for a name', method: 'startJob', args: [{ ...amend, options: { '../x': 'y' } }] },
    { what: 'an id nobody was given', method: 'startJob', args: [create] },
    { what: 'a folder in place of a volume', method: 'inspect', args: [folder] },
    { what: 'a volume in place of a folder', method: 'folder', args: [volume] },
    { what: 'a folder in place of a volume', method: 'folderOf', args: [folder] },
    { what: 'a folder that is no place', method: 'removePlace', args: [volume] },
    { what: 'a name that leads out', method: 'startJob', args: [{ ...here, name: '../../etc/cron.d/a' }] },
    { what: 'an absolute name', method: 'startJob', args: [{ ...here, name: '/etc/a.qcow2' }] },
    { what: 'a name with a NUL', method: 'startJob', args: [{ ...here, name: 'a\0.qcow2' }] },
    { what: 'a name with a line break', method: 'startJob', args: [{ ...here, name: 'a\n.qcow2' }] },
    { what: 'a hidden name', method: 'startJob', args: [{ ...here, name: '.bashrc' }] },
    { what: 'a name like a switch', method: 'startJob', args: [{ ...here, name: '--help' }] },
    { what: 'a name of a device', method: 'startJob', args: [{ ...here, name: 'NUL.qcow2' }] },
    { what: 'a name that is too long', method: 'startJob', args: [{ ...here, name: 'a'.repeat(300) }] },
    { what: 'a number in place of a name', method: 'startJob', args: [{ ...here, name: 7 }] },
    { what: 'a target of its own', method: 'startJob', args: [{ ...here, target: '/etc/passwd' }] },
    { what: 'a backing path', method: 'startJob', args: [{ ...here, backing: '/etc/passwd' }] },
    { what: 'a backing object', method: 'startJob', args: [{ ...here, backing: { path: '/etc/passwd' } }] },
    { what: 'a format there is not', method: 'startJob', args: [{ ...here, format: 'exe' }] },
    { what: 'a kind there is not', method: 'startJob', args: [{ ...here, kind: 'delete' }] },
    { what: 'a path in place of a volume', method: 'undo', args: ['/etc/passwd'] },
    { what: 'a path in place of a volume', method: 'undoOffer', args: ['/etc/passwd'] },
    { what: 'an id nobody was given', method: 'startJob', args: [{ kind: 'check', volume: NOBODY }] },
    { what: 'a path of its own', method: 'startJob', args: [{ kind: 'check', volume, path: '/etc/passwd' }] },
    { what: 'a snapshot action there is not', method: 'startJob', args: [{ ...snapshot, action: { kind: 'run' } }] },
    { what: 'a snapshot without a name', method: 'startJob', args: [{ ...snapshot, action: { kind: 'create' } }] },
    { what: 'a repair there is not', method: 'startJob', args: [{ kind: 'repair', volume, mode: 'wipe' }] },
    { what: 'a base by its path', method: 'planCommit', args: [{ ...commit, base: '/etc/passwd' }] },
    { what: 'a base that is the image itself', method: 'planCommit', args: [{ ...commit, depth: 0 }] },
    { what: 'a base deeper than the chain', method: 'planCommit', args: [{ ...commit, depth: 9 }] },
    { what: 'a backing path', method: 'planRebase', args: [{ ...rebase, backing: '/etc/passwd' }] },
    { what: 'a negative size', method: 'planResize', args: [{ ...resize, virtualSize: -1 }] },
    { what: 'a preallocation there is not', method: 'planResize', args: [{ ...resize, preallocation: 'all' }] },
    { what: 'a negative size', method: 'predictCreate', args: [{ ...here, virtualSize: -1 }] },
    { what: 'half a byte', method: 'predictCreate', args: [{ ...here, virtualSize: 0.5 }] },
    { what: 'a size past every number', method: 'predictCreate', args: [{ ...here, virtualSize: 2 ** 60 }] },
    { what: 'a size that is none', method: 'predictCreate', args: [{ ...here, virtualSize: Number.NaN }] },
    { what: 'a text in place of a size', method: 'predictCreate', args: [{ ...here, virtualSize: '1' }] },
    { what: 'options in a list', method: 'predictCreate', args: [{ ...here, options: [1] }] },
    { what: 'an option with an object in it', method: 'predictCreate', args: [{ ...here, options: { a: {} } }] },
    { what: 'an option with a wild name', method: 'predictCreate', args: [{ ...here, options: { 'a b': 1 } }] },
    { what: 'a prototype among options', method: 'predictCreate', args: [{ ...here, options: { constructor: 1 } }] },
    { what: 'no arguments', method: 'inspect', args: [] },
    { what: 'arguments too many', method: 'formats', args: [1] },
    { what: 'null', method: 'inspect', args: [null] },
    { what: 'an object', method: 'inspect', args: [{}] },
    { what: 'a list', method: 'inspect', args: [[]] },
    { what: 'a million cells', method: 'allocation', args: [volume, 1_000_000] },
    { what: 'no cells', method: 'allocation', args: [volume, 0] },
    { what: 'a row before the first', method: 'volumes', args: [-1] },
    { what: 'a row that is none', method: 'volumes', args: ['0'] },
    { what: '10 MB as an id', method: 'inspect', args: [TEN_MEGABYTES] },
    { what: '10 MB as a name', method: 'startJob', args: [{ ...here, name: TEN_MEGABYTES }] },
    { what: '10 MB to copy', method: 'copyText', args: [TEN_MEGABYTES] },
    { what: 'a number to copy', method: 'copyText', args: [1] },
    { what: 'too many items', method: 'addToLibrary', args: [Array.from({ length: 5000 }, () => volume)] },
    { what: 'more depth than any request has', method: 'predictCreate', args: [nested(20)] },
    { what: 'a theme there is not', method: 'saveSettings', args: [{ theme: '</style>' }] },
    { what: 'a setting there is not', method: 'saveSettings', args: [{ places: ['/'] }] },
    { what: 'a setting of the wrong type', method: 'saveSettings', args: [{ sidebarOpen: 'yes' }] },
  ]
  return requests
}

function nested(depth: number): object {
  let value: object = {}
  for (let level = 0; level < depth; level++) value = { value }
  return value
}
