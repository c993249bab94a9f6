// What a request would do: asked of the engine a moment after the form has changed.

import { useEffect, useState } from 'react'
import type { ErrorData } from '../../core/model/index.ts'
import { errorData } from '../../core/model/index.ts'

export interface Planned<Plan> {
  /** The figures to show; perhaps still those of a moment ago. */
  readonly plan?: Plan
  /** The engine cannot do it. */
  readonly error?: ErrorData
  /** False while they are those of an earlier request: they may be shown, but not relied on. */
  readonly fresh: boolean
}

const SETTLE_MS = 150

interface Answer<Plan> {
  readonly key: string
  readonly plan?: Plan
  readonly error?: ErrorData
}

/** `ask` must be the same function every time. */
export function usePlanned<Request, Plan>(
  request: Request | undefined,
  ask: (request: Request) => Promise<Plan>,
): Planned<Plan> {
  const [answer, setAnswer] = useState<Answer<Plan>>({ key: '' })
  const key = request === undefined ? '' : JSON.stringify(request)

  useEffect(() => {
    if (key === '') return undefined
    let current = true
    const put = (part: Omit<Answer<Plan>, 'key'>): void => {
      if (current) setAnswer({ key, ...part })
    }
    const timer = setTimeout(() => {
      ask(JSON.parse(key) as Request).then(
        (plan) => put({ plan }),
        (thrown: unknown) => put({ error: errorData(thrown) }),
      )
    }, SETTLE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [key, ask])

  const { plan, error } = answer
  return { ...(plan !== undefined && { plan }), ...(error && { error }), fresh: key !== '' && answer.key === key }
}
