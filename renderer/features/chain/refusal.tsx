// Why something cannot be done: the sentence, and who stands in its way.

import { Camera, Layers } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ErrorData } from '../../../core/model/index.ts'
import { Block } from '../../ui/form-dialog.tsx'
import { Impacts } from '../../ui/impacts.tsx'
import { Note } from '../../ui/note.tsx'

interface RefusalProps {
  readonly error?: ErrorData | undefined
  /** Names of snapshots. */
  readonly snapshots?: { readonly sentence: string; readonly names: readonly string[] } | undefined
  /** Paths of images. */
  readonly others?: { readonly sentence: string; readonly paths: readonly string[] } | undefined
}

export function Refusal({ error, snapshots, others }: RefusalProps) {
  const { t } = useTranslation()
  return (
    <>
      {error && (
        <Block>
          <Note kind="danger" role="alert">
            {error.message}
          </Note>
        </Block>
      )}
      {others && others.paths.length > 0 && (
        <Block>
          <Note kind="danger" role="alert">
            {others.sentence}
          </Note>
          <Impacts
            label={t('chain.overlays')}
            impacts={others.paths.map((path) => ({ icon: <Layers aria-hidden="true" />, text: path }))}
          />
        </Block>
      )}
      {snapshots && snapshots.names.length > 0 && (
        <Block>
          <Note kind="danger" role="alert">
            {snapshots.sentence}
          </Note>
          <Impacts
            label={t('command.snapshots')}
            impacts={snapshots.names.map((name) => ({ icon: <Camera aria-hidden="true" />, text: name }))}
          />
        </Block>
      )}
    </>
  )
}
