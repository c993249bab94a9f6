// What each conversion would do: asked of the engine a moment after the form has changed, one after the other.

import { useEffect, useState } from 'react'
import type { ConvertPlan, ErrorData } from '../../../core/model/index.ts'
import { errorData } from '../../../core/model/index.ts'
import type { ConvertRequest } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'

export type Planned =
  { readonly kind: 'planned'; readonly plan: ConvertPlan } | { readonly kind: 'refused'; readonly error: ErrorData }

const SETTLE_MS = 150

export interface PlanState {
  readonly planned: Planned
  /** False while it is still that of an earlier request: its figures may be shown, but not relied on. */
  readonly fresh: boolean
}

export function usePlans(requests: readonly (ConvertRequest | undefined)[]): readonly (PlanState | undefined)[] {
  const [plans, setPlans] = useState<Plans>({ byRequest: new Map(), bySource: new Map() })
  const keys = requests.map((request) => JSON.stringify(request) ?? '')
  const asked = keys.join('\n')

  useEffect(() => {
    let current = true
    async function ask(): Promise<void> {
      for (const key of new Set(asked.split('\n'))) {
        if (key === '') continue
        const request = JSON.parse(key) as ConvertRequest
        const planned = await planFor(request)
        if (!current) return
        setPlans(({ byRequest, bySource }) => ({
          byRequest: new Map(byRequest).set(key, planned),
          bySource: new Map(bySource).set(request.source, planned),
        }))
      }
    }
    const timer = setTimeout(() => void ask(), SETTLE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [asked])

  return requests.map((request, index) => {
    const exact = plans.byRequest.get(keys[index] ?? '')
    if (exact) return { planned: exact, fresh: true }
    const before = request && plans.bySource.get(request.source)
    return before && { planned: before, fresh: false }
  })
}

interface Plans {
  readonly byRequest: ReadonlyMap<string, Planned>
  readonly bySource: ReadonlyMap<string, Planned>
}

async function planFor(request: ConvertRequest): Promise<Planned> {
  try {
    return { kind: 'planned', plan: await api.planConvert(request) }
  } catch (thrown) {
    return { kind: 'refused', error: errorData(thrown) }
  }
}
