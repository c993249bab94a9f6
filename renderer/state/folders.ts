// Folders something can be written to: the places of the library, and those chosen in a dialog since.

import { create } from 'zustand'
import type { Folder } from '../../electron/contract/data.ts'
import { api } from './api.ts'
import { usePlaces } from './places.ts'

interface Folders {
  readonly chosen: readonly Folder[]
}

const useChosen = create<Folders>()(() => ({ chosen: [] }))

/** Opens the system's dialog; undefined when it was dismissed. */
export async function chooseFolder(): Promise<Folder | undefined> {
  const folder = await api.chooseFolder()
  if (folder) rememberFolder(folder)
  return folder ?? undefined
}

export function rememberFolder(folder: Folder): void {
  useChosen.setState((state) => ({ chosen: [...state.chosen.filter((one) => one.id !== folder.id), folder] }))
}

export function useFolders(): readonly Folder[] {
  const places = usePlaces((state) => state.places)
  const chosen = useChosen((state) => state.chosen)
  const folders = new Map<string, Folder>()
  for (const place of places) if (place.kind === 'folder' && place.state !== 'missing') folders.set(place.id, place)
  for (const folder of chosen) if (!folders.has(folder.id)) folders.set(folder.id, folder)
  return [...folders.values()]
}
