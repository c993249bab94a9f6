// One picture for each kind of job.

import {
  ArrowRightLeft,
  Camera,
  FilePlus2,
  GitBranch,
  GitCompare,
  GitMerge,
  Scaling,
  ShieldCheck,
  Wrench,
} from 'lucide-react'

export const JOB_ICONS = {
  create: FilePlus2,
  convert: ArrowRightLeft,
  compare: GitCompare,
  snapshot: Camera,
  resize: Scaling,
  commit: GitMerge,
  rebase: GitBranch,
  check: ShieldCheck,
  repair: Wrench,
} as const
