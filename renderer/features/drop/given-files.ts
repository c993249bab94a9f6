// What is done with files the user gave.

import type { Granted } from '../../../electron/contract/data.ts'
import { SpindleError } from '../../../core/model/index.ts'
import { api } from '../../state/api.ts'
import { openDialog } from '../../state/dialogs.ts'
import { rememberFolder } from '../../state/folders.ts'
import { tell } from '../../state/notices.ts'

/** What was refused is told; the others are added all the same. */
export async function addToLibrary(files: readonly Granted[]): Promise<void> {
  for (const file of files) if (file.kind === 'refused') tell(SpindleError.fromData(file.error))
  const ids = files.flatMap((file) =>
    file.kind === 'refused' ? [] : [file.kind === 'folder' ? file.folder.id : file.id],
  )
  if (ids.length > 0) await api.addToLibrary(ids)
}

export function convertFiles(files: readonly Granted[]): void {
  for (const file of files) if (file.kind === 'volume') rememberFolder(file.folder)
  openDialog({ kind: 'convert', sources: files })
}
