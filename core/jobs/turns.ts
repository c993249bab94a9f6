// Whose turn it is: one heavy job a disk, and no two jobs at one file.

/** What a job takes from others while it runs. */
export interface Demand {
  /** Files it works on, by their paths. */
  readonly files: readonly string[]
  /** Disks it keeps busy; none for a job that is over soon. */
  readonly disks: readonly string[]
}

/** Where nobody can tell: they all take the same disk. */
export const ANY_DISK: Demand = { files: [], disks: ['any'] }

export interface Waiting {
  readonly demand: Demand
  /** Of a job that stands still, which leaves its disks to others. */
  readonly paused: boolean
}

/** Whether a job may run beside those that run, or wait before it: no later one takes the turn of an earlier one. */
export function mayRun({ files, disks }: Demand, others: readonly Waiting[], atOnce: number): boolean {
  if (others.some(({ demand }) => demand.files.some((file) => files.includes(file)))) return false
  const busy = others.filter(({ paused }) => !paused)
  return disks.every((disk) => busy.filter(({ demand }) => demand.disks.includes(disk)).length < atOnce)
}
