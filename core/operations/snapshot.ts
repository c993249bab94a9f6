// snapshot: taking, applying, deleting and renaming the snapshots inside an image.

import { openLayer } from '../image/chain.ts'
import type { ImageLayer } from '../image/driver.ts'
import type { SnapshotTable } from '../image/facets.ts'
import { aloneGate } from '../image/gate.ts'
import type { OperationContext } from '../jobs/operation.ts'
import type { Pace } from '../jobs/pace.ts'
import { SpindleError, assertNever } from '../model/error.ts'
import type { JobResult, SnapshotAction, SnapshotJob } from '../model/job.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { changeLayerInPlace } from './in-place.ts'
import type { Parts } from './parts.ts'

export async function snapshot(job: SnapshotJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { path, action } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const format = await formatWithSnapshots(job, parts)
  const spec = { path, format, keepUndo: job.keepUndo ?? false }
  const id = await changeLayerInPlace(spec, context, parts, async (layer) => {
    const table = tableOf(layer)
    return act(table, action, paceOf(context, 'copy', layer.virtualSize))
  })
  return { kind: 'snapshot', path, id, warnings: [] }
}

/** Found out before anything is written beside the image. */
async function formatWithSnapshots({ path, format }: SnapshotJob, parts: Parts): Promise<string> {
  await using layer = await openLayer(await parts.openFile(path, 'read'), format, 'read', {
    ...parts,
    gate: { ...aloneGate(parts.openFile), secrets: parts.gate.secrets },
  })
  tableOf(layer)
  return layer.format
}

function tableOf({ snapshots, unreadable, unwritable, storage, format }: ImageLayer): SnapshotTable {
  const refusal = unreadable ?? unwritable
  if (refusal) throw SpindleError.fromData(refusal)
  if (snapshots) return snapshots
  throw new SpindleError(
    'unsupported',
    `${storage.name} is in ${format} format, which has no snapshots inside images. Nothing was changed. Convert it to qcow2, or put a new image on top of it.`,
    { path: storage.name },
  )
}

async function act(table: SnapshotTable, action: SnapshotAction, pace: Pace): Promise<string> {
  switch (action.kind) {
    case 'create':
      return (await table.create({ name: action.name, createdAt: Date.now() }, pace)).id
    case 'apply':
      await table.apply(action.id, pace)
      return action.id
    case 'remove':
      await table.remove(action.id, pace)
      return action.id
    case 'rename':
      await table.rename(action.id, action.name)
      return action.id
    default:
      return assertNever(action)
  }
}
