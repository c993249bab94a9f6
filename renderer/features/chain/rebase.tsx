// Another base below a volume: with the disk as it is, or by its name alone where a file was moved.

import { useId, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RebaseRequest, Volume } from '../../../electron/contract/data.ts'
import type { VolumeId } from '../../../electron/contract/ids.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { formatShape } from '../../state/formats.ts'
import { useInspection } from '../../state/inspection.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { usePlanned } from '../../state/planned.ts'
import { sizeText } from '../../state/text.ts'
import { fileName, useVolumes } from '../../state/volumes.ts'
import { useSettings } from '../../state/settings.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Combobox } from '../../ui/combobox.tsx'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Note } from '../../ui/note.tsx'
import { Ways } from '../../ui/ways.tsx'
import { Refusal } from './refusal.tsx'
import { SameCommand } from './same-command.tsx'

const plan = (request: RebaseRequest) => api.planRebase(request)

export function Rebase({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  // Where the base is gone, only its name can be put right.
  const broken = volume.error?.code === 'missing-file'
  const { value: chain } = useInspection(volume)
  const lost = broken || chain?.at(-1)?.unreadable?.code === 'missing-file'
  const [chosen, setChosen] = useState<'safe' | 'name'>('safe')
  const way = lost ? 'name' : chosen
  const [backing, setBacking] = useState<VolumeId>()
  const [keepUndo, setKeepUndo] = useState(useSettings((state) => state.settings.keepUndo))
  const bases = useBases(volume)
  const request: RebaseRequest | undefined =
    backing === undefined
      ? undefined
      : {
          kind: 'rebase',
          ...theVolume(volume),
          backing,
          nameOnly: way === 'name',
          ...(keepUndo && { keepUndo }),
        }
  const { plan: planned, error, fresh } = usePlanned(request, plan)
  const name = fileName(volume.name)
  const current = volume.backing === undefined ? t('inspector.noBacking') : fileName(volume.backing)

  return (
    <FormDialog
      title={t('rebase.title', { name })}
      labels={dialogLabels()}
      submit={t('rebase.submit')}
      reason={request ? (error ? t('rebase.blocked') : fresh ? undefined : t('chain.looking')) : t('rebase.choose')}
      initialFocus={field}
      onClose={closeDialog}
      onSubmit={() => {
        if (!request) return
        closeDialog()
        startJobs([request]).catch(tell)
      }}
    >
      <p>{t('rebase.text', { current })}</p>
      <Block>
        <Field label={t('rebase.base')} htmlFor={id}>
          <Combobox
            id={id}
            inputRef={field}
            items={bases}
            value={backing}
            onValueChange={setBacking}
            placeholder={t('rebase.choose')}
            clearLabel={t('rebase.clear')}
            emptyText={t('create.noSuchBase')}
          />
        </Field>
      </Block>
      <Block>
        <Ways
          label={t('rebase.ways')}
          value={way}
          onValueChange={setChosen}
          ways={[
            {
              value: 'safe',
              title: t('rebase.safe'),
              detail: lost ? t('rebase.safeNot') : t('rebase.safeHelp'),
              disabled: lost,
            },
            { value: 'name', title: t('rebase.name'), detail: t('rebase.nameHelp') },
          ]}
        />
      </Block>
      {way === 'name' && (
        <Block>
          <Note kind="warn">{t('rebase.nameWarning')}</Note>
        </Block>
      )}
      <Refusal error={error} />
      <Block>
        <Checkbox label={t('undo.keep')} help={t('rebase.keepHelp')} checked={keepUndo} onCheckedChange={setKeepUndo} />
      </Block>
      <SameCommand words={planned?.command ?? []} />
    </FormDialog>
  )
}

function useBases(volume: Volume) {
  const byId = useVolumes((state) => state.byId)
  return useMemo(
    () =>
      [...byId.values()]
        .filter((one) => one.id !== volume.id && one.error === undefined && one.virtualSize !== undefined)
        .map((one) => ({
          value: one.id,
          label: one.name,
          detail: sizeText(one.virtualSize ?? 0),
          icon: <Glyph shape={formatShape(one.format)} />,
        })),
    [byId, volume.id],
  )
}
