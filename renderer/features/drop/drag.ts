// What a drag tells before it is dropped: that it holds files, how many, and where it is. Names come only afterwards.

export type ZoneName = 'add' | 'convert'

export function isFileDrag({ types }: Pick<DataTransfer, 'types'>): boolean {
  return types.includes('Files')
}

export function fileCount({ items }: Pick<DataTransfer, 'items'>): number {
  return [...items].filter((item) => item.kind === 'file').length
}

/** The zone under the pointer; beside the zones, the half of the window decides. */
export function zoneOf({ target, clientX }: Pick<DragEvent, 'target' | 'clientX'>): ZoneName {
  const zone = target instanceof Element ? target.closest<HTMLElement>('[data-zone]')?.dataset['zone'] : undefined
  if (zone === 'add' || zone === 'convert') return zone
  return clientX < window.innerWidth / 2 ? 'add' : 'convert'
}
