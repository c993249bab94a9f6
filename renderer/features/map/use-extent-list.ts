// The extents of a volume from an offset on, a page at a time.

import { useCallback, useEffect, useRef, useState } from 'react'
import type { MapExtent } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { useVersion } from '../../state/asked.ts'
import { tell } from '../../state/notices.ts'

const PAGE = 500

interface Listed {
  readonly key: string
  readonly extents: readonly MapExtent[]
  readonly isWhole: boolean
}

export interface ExtentList extends Omit<Listed, 'key'> {
  /** Asks for the next page, once. */
  readonly readOn: () => void
}

export function useExtentList(volume: Volume, start: number): ExtentList {
  const version = useVersion(volume)
  const key = `${volume.id} ${version} ${start}`
  const nothing: Listed = { key, extents: [], isWhole: false }
  const [known, setKnown] = useState<Listed>(nothing)
  const listed = known.key === key ? known : nothing
  const { id } = volume
  const last = listed.extents.at(-1)
  const next = last ? last.offset + last.length : start
  const asked = useRef('')

  const readOn = useCallback(() => {
    const page = `${key} ${next}`
    if (asked.current === page) return
    asked.current = page
    void read()
    async function read(): Promise<void> {
      try {
        const { extents, size } = await api.mapExtents(id, next, PAGE)
        // Something else was asked for meanwhile.
        if (asked.current !== page) return
        const end = extents.at(-1)
        const isWhole = !end || end.offset + end.length >= size
        setKnown((before) => ({ key, extents: [...(before.key === key ? before.extents : []), ...extents], isWhole }))
      } catch (error) {
        tell(error)
      }
    }
  }, [id, key, next])

  useEffect(() => {
    if (known.key !== key) readOn()
  }, [known.key, key, readOn])

  return { extents: listed.extents, isWhole: listed.isWhole, readOn }
}
