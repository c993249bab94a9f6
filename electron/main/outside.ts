// Whether a volume may use the files outside its folder that it names: asked by the system's dialog, which the page cannot answer.

import type { MessageBoxOptions } from 'electron'
import { basename } from 'node:path'
import type { AllowedFile, Engine } from '../../core/model/index.ts'
import type { TFunction } from 'i18next'

export interface OutsideParts {
  readonly engine: Pick<Engine, 'inspect' | 'setAllowed'>
  readonly settings: { readonly allowed: readonly AllowedFile[]; allow(file: AllowedFile): void }
  readonly words: TFunction
  /** Number of the button. */
  readonly ask: (options: MessageBoxOptions) => Promise<number>
}

/** One after the other, as each leads to the next. True when the volume may use them all. */
export async function allowOutside(path: string, { engine, settings, words, ask }: OutsideParts): Promise<boolean> {
  for (;;) {
    const chain = await engine.inspect(path)
    const error = chain.at(-1)?.unreadable
    if (error?.code !== 'outside' || error.path === undefined || error.other === undefined) return true
    const { path: image, other: file } = error
    const answer = await ask({
      type: 'question',
      message: words('outside.message', { name: basename(image) }),
      detail: words('outside.detail', { image, file }),
      buttons: [words('outside.allow'), words('outside.refuse')],
      defaultId: 1,
      cancelId: 1,
    })
    if (answer !== 0) return false
    settings.allow({ image, file })
    await engine.setAllowed(settings.allowed)
  }
}
