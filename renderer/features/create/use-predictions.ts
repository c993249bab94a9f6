// What each way of allocating would take now and at most: asked again a moment after the form has changed.

import { useEffect, useState } from 'react'
import type { ErrorData, SizePrediction } from '../../../core/model/index.ts'
import { errorData } from '../../../core/model/index.ts'
import type { CreateRequest } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { ALLOCATION } from './form.ts'

export type Prediction =
  { readonly kind: 'known'; readonly sizes: SizePrediction } | { readonly kind: 'refused'; readonly error: ErrorData }

export type Predictions = ReadonlyMap<string, Prediction>

const SETTLE_MS = 120
const NONE: Predictions = new Map()

/** By the values of the allocation option; those of a form that has changed since stay until the new ones are there. */
export function usePredictions(request: CreateRequest | undefined, allocations: readonly string[]): Predictions {
  const [predictions, setPredictions] = useState(NONE)
  // The form makes a new request at every draw; only what it says counts.
  const asked = request && JSON.stringify({ request, allocations })

  useEffect(() => {
    let current = true
    const timer = setTimeout(async () => {
      const found = asked === undefined ? NONE : await predict(asked)
      if (current) setPredictions(found)
    }, SETTLE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [asked])

  return predictions
}

async function predict(asked: string): Promise<Predictions> {
  const { request, allocations } = JSON.parse(asked) as { request: CreateRequest; allocations: readonly string[] }
  const found = await Promise.all(
    allocations.map(async (allocation): Promise<readonly [string, Prediction]> => {
      try {
        const options = { ...request.options, ...(allocation !== '' && { [ALLOCATION]: allocation }) }
        return [allocation, { kind: 'known', sizes: await api.predictCreate({ ...request, options }) }]
      } catch (thrown) {
        return [allocation, { kind: 'refused', error: errorData(thrown) }]
      }
    }),
  )
  return new Map(found)
}
