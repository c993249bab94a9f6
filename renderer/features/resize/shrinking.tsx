// A smaller disk: what is cut off, and the word that says it is meant.

import i18next from 'i18next'
import { useId } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { overlaysOf } from '../../state/chain.ts'
import { sizeText } from '../../state/text.ts'
import { fileName, useVolumes } from '../../state/volumes.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Block, Field } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { TextField } from '../../ui/text-field.tsx'

interface ShrinkingProps {
  readonly volume: Volume
  /** Bytes of data beyond the new end. */
  readonly lost: number
  /** Numbers of the partitions it cuts. */
  readonly cut: readonly number[]
  readonly undoable: boolean
  readonly keepUndo: boolean
  readonly typedName: string
  readonly onKeepUndo: (keep: boolean) => void
  readonly onTypedName: (name: string) => void
}

export function Shrinking(props: ShrinkingProps) {
  const { volume, lost, cut, undoable, keepUndo, typedName, onKeepUndo, onTypedName } = props
  const { t } = useTranslation()
  const id = useId()
  const byId = useVolumes((state) => state.byId)
  const destroys = lost > 0 || cut.length > 0
  const overlays = overlaysOf(volume, byId.values()).length
  return (
    <>
      <Block>
        <Note kind={destroys ? 'danger' : 'warn'} role="alert">
          {cut.length > 0 && `${t('resize.cuts', { count: cut.length, list: listText(cut) })} `}
          {lost > 0 ? t('resize.loses', { size: sizeText(lost) }) : t('resize.losesNothing')} {t('resize.guestFirst')}
        </Note>
      </Block>
      {overlays > 0 && (
        <Block>
          <Note kind="danger">{t('chain.readThrough', { count: overlays })}</Note>
        </Block>
      )}
      <Block>
        {undoable ? (
          <Checkbox
            label={t('undo.keep')}
            help={t('resize.keepHelp')}
            checked={keepUndo}
            onCheckedChange={onKeepUndo}
          />
        ) : (
          <Note kind="warn">{t('resize.notUndoable')}</Note>
        )}
      </Block>
      {destroys && (
        <Block>
          <Field
            htmlFor={id}
            label={
              <Trans
                i18nKey="resize.typeName"
                values={{ name: fileName(volume.name) }}
                components={{ name: <span className="strong" /> }}
              />
            }
          >
            <TextField id={id} value={typedName} onValueChange={onTypedName} />
          </Field>
        </Block>
      )}
    </>
  )
}

function listText(numbers: readonly number[]): string {
  return new Intl.ListFormat(i18next.language).format(numbers.map(String))
}
