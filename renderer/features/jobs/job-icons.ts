// One picture for each kind of job.

import {
  ArrowRightLeft,
  Bookmark,
  Camera,
  FilePlus2,
  GitBranch,
  GitCompare,
  GitMerge,
  ListX,
  Scaling,
  Settings2,
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
  bypass: ListX,
  amend: Settings2,
  bitmap: Bookmark,
  check: ShieldCheck,
  repair: Wrench,
} as const
