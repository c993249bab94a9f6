// A row with all that is known of it, and whether it can be started.

import type { ConvertPlan, ErrorData, FormatFacts } from '../../../core/model/index.ts'
import { rowProblem } from './form.ts'
import type { ConvertForm, Row, RowProblem } from './form.ts'
import type { PlanState } from './use-plans.ts'

export interface RowState {
  readonly row: Row
  /** The figures to show; perhaps still those of a moment ago. */
  readonly plan: ConvertPlan | undefined
  readonly problem: RowProblem | undefined
  /** The target is there already. */
  readonly exists: boolean
  /** The engine cannot do it, or could not start it. */
  readonly error: ErrorData | undefined
  /** Why it cannot be started now. */
  readonly blocked: 'folder' | 'name' | 'exists' | 'refused' | 'short' | 'waiting' | undefined
}

export function rowState(
  form: ConvertForm,
  row: Row,
  facts: FormatFacts,
  state: PlanState | undefined,
  failures: ReadonlyMap<string, ErrorData>,
): RowState {
  const { planned, fresh } = state ?? { fresh: false }
  const problem = rowProblem(form, row, facts)
  const plan = planned?.kind === 'planned' ? planned.plan : undefined
  const exists = fresh && plan?.targetExists === true && !row.overwrite
  const error = failures.get(row.source.id) ?? (planned?.kind === 'refused' ? planned.error : undefined)
  return { row, plan, problem, exists, error, blocked: blocked() }

  function blocked(): RowState['blocked'] {
    if (form.folder === undefined) return 'folder'
    if (problem !== undefined) return 'name'
    if (!fresh) return 'waiting'
    if (planned?.kind === 'refused') return 'refused'
    if (exists) return 'exists'
    return plan?.exact === true && plan.writes > plan.free ? 'short' : undefined
  }
}
