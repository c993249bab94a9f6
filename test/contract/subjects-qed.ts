// QED images the contract is held against.

import type { Subject } from './subjects.ts'

export const QED_SUBJECTS: readonly Subject[] = []

export const QED_CRASH_SUBJECTS: readonly Subject[] = []
