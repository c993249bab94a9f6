// What operations work with, and opening an image with it.

import { openInside } from '../containers/open.ts'
import { drivers } from '../formats/index.ts'
import { openDisk } from '../image/chain.ts'
import type { SnapshotPart } from '../image/chain.ts'
import type { OpenGate } from '../image/driver.ts'
import type { Secrets } from '../crypto/secrets.ts'
import { fileGate } from '../image/gate.ts'
import type { Detection } from '../image/detect.ts'
import type { OpenFile } from '../image/gate.ts'
import { leadingPath } from '../image/leading.ts'
import { locateNearby } from '../image/locate.ts'
import type { Reach } from '../image/reach.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError, attempting } from '../model/error.ts'
import { ImageLocks } from '../storage/image-locks.ts'
import type { Sharing } from '../storage/image-locks.ts'
import { openWhole } from '../storage/undo-file.ts'
import type { TransferPool } from '../transfer/pool.ts'

export interface Parts extends Detection {
  /** By absolute path. */
  readonly openFile: OpenFile
  /** The same for reading alone, without keeping others out or minding them: to see what a file is. */
  readonly look: OpenFile
  /** From one image to the files it refers to. */
  readonly gate: OpenGate
  /** Threads for large work; left out, such work starts its own. */
  readonly pool?: TransferPool
  /** Images anywhere that are known to lie directly on one of these, by absolute path. Left out, none are known. */
  readonly overlaysOf?: (paths: readonly string[]) => readonly string[]
}

/**
 * For one piece of work: its own openings of a file do not get in each other's way. `volumes` are images anywhere, among
 * which one is looked for that is known only by what it calls itself. Without `reach` an image leads to its own folder.
 */
export function systemParts(
  reads: Sharing = 'shared',
  secrets?: Secrets,
  volumes?: () => readonly string[],
  reach?: Reach,
): Parts {
  const locks = new ImageLocks()
  const openOne = openInside(async (path, access) =>
    openWhole(path, access, async () => locks.open(path, access, reads)),
  )
  const open: OpenFile = async (path, access) =>
    attempting(access === 'create' ? 'create' : 'open', async () => openOne(path, access))
  const look = openInside(async (path) => openWhole(path, 'read'))
  const gate = fileGate(open, locateNearby(drivers, look, volumes), reach)
  return { drivers, openFile: open, look, gate: { ...gate, secrets } }
}

/** Opens an image and its chain for reading. Throws also where it opens but its content cannot be read. */
export async function openSource(
  path: string,
  format: string | undefined,
  parts: Parts,
  snapshot?: SnapshotPart,
): Promise<VirtualDisk> {
  const how = {
    ...parts,
    access: 'read',
    ...(format !== undefined && { format }),
    ...(snapshot && { snapshot }),
  } as const
  const disk = await openDisk(await parts.openFile(await leadingPath(path, format, parts), 'read'), how)
  const broken = disk.layers.find((layer) => layer.unreadable)?.unreadable
  if (!broken) return disk
  await disk.close()
  return attempting('open', async () => Promise.reject(SpindleError.fromData(broken)))
}
