// Something asked of the engine about one volume: asked anew when it may have changed, the old answer shown meanwhile.

import { useEffect, useState } from 'react'
import type { ErrorData } from '../../core/model/index.ts'
import { errorData } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { useJobs } from './jobs.ts'
import { useLockChanges } from './lock-changes.ts'

/** Absent while it is not known yet. */
export interface Asked<T> {
  readonly value?: T
  readonly error?: ErrorData
}

/** Going down a list with the arrow key held must not open every file on the way. */
const SETTLE_MS = 120

const NOTHING: Asked<never> = {}

interface Known<T> {
  readonly id: VolumeId
  /** That the answer is of. */
  readonly version: string
  readonly asked: Asked<T>
}

/** `version` is another text whenever the answer may be another; `ask` must be the same function every time. */
export function useAsked<T>(id: VolumeId, version: string, ask: (id: VolumeId) => Promise<T>): Asked<T> {
  const [known, setKnown] = useState<Known<T>>()

  useEffect(() => {
    let current = true
    const put = (part: Asked<T>): void => {
      if (!current) return
      setKnown((before) => {
        const kept = before?.id === id && before.asked.value !== undefined ? { value: before.asked.value } : {}
        return { id, version, asked: { ...kept, ...part } }
      })
    }
    const timer = setTimeout(() => {
      ask(id).then(
        (value) => put({ value }),
        (thrown: unknown) => put({ error: errorData(thrown) }),
      )
    }, SETTLE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [id, version, ask])

  return known?.id === id ? known.asked : NOTHING
}

/** Another text whenever the volume's file, or what was done to it here, is another. */
export function useVersion({ id, modifiedAt, allocatedSize }: Volume): string {
  const ended = useJobs((state) => state.jobs.findLast((job) => job.volume === id && job.endedAt !== undefined)?.id)
  const unlocked = useLockChanges((state) => state.count)
  return `${modifiedAt} ${allocatedSize} ${ended ?? ''} ${unlocked}`
}
