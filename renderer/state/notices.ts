// Short messages for what has no row of its own to be written on.

import { create } from 'zustand'
import { errorData } from '../../core/model/index.ts'
import type { ErrorData } from '../../core/model/index.ts'

export interface Notice {
  readonly id: number
  readonly error: ErrorData
}

interface Notices {
  readonly notices: readonly Notice[]
}

export const useNotices = create<Notices>()(() => ({ notices: [] }))

let lastId = 0

/** Shows what went wrong. A dismissed dialog or a cancelled request is nothing to tell. */
export function tell(thrown: unknown): void {
  const error = errorData(thrown)
  if (error.code === 'cancelled') return
  lastId += 1
  const notice = { id: lastId, error }
  useNotices.setState((state) => ({
    notices: [...state.notices.filter((one) => one.error.message !== error.message), notice],
  }))
}

export function dismissNotice(id: number): void {
  useNotices.setState((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) }))
}
