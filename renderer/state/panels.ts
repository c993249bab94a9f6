// Small things that are open or closed for now and forgotten with the window.

import { create } from 'zustand'

interface Panels {
  readonly mainMenu: boolean
  readonly jobs: boolean
}

export const usePanels = create<Panels>()(() => ({ mainMenu: false, jobs: false }))
