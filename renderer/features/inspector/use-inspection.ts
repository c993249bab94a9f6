// What the engine says of the volume that is looked at; asked anew when the file changes.

import { useEffect, useState } from 'react'
import type { AllocationStrip, ErrorData, ImageFacts } from '../../../core/model/index.ts'
import { errorData } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'

/** Absent while it is not known yet. */
export interface Inspection {
  readonly chain?: readonly ImageFacts[]
  readonly allocation?: AllocationStrip
  readonly error?: ErrorData | undefined
}

/** One a pixel of the strip. */
const CELLS = 288
/** Going down a list with the arrow key held must not open every file on the way. */
const SETTLE_MS = 120

const NOTHING: Inspection = {}

export function useInspection({ id, modifiedAt, allocatedSize }: Volume): Inspection {
  const [known, setKnown] = useState<{ readonly id: string; readonly file: string; readonly inspection: Inspection }>()
  const file = `${modifiedAt} ${allocatedSize}`

  useEffect(() => {
    let current = true
    function put(part: Inspection): void {
      if (!current) return
      // What was known of the same volume stays on show until the new answer is there.
      setKnown((before) => ({ id, file, inspection: { ...(before?.id === id && before.inspection), ...part } }))
    }
    const timer = setTimeout(() => {
      api.inspect(id).then(
        (chain) => put({ chain, error: undefined }),
        (thrown: unknown) => put({ error: errorData(thrown) }),
      )
      // What keeps the strip from being drawn is said by inspect already.
      api.allocation(id, CELLS).then(
        (allocation) => put({ allocation }),
        () => undefined,
      )
    }, SETTLE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [id, file])

  return known?.id === id ? known.inspection : NOTHING
}
