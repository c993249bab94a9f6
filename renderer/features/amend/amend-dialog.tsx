// What was chosen when an image was made, chosen otherwise: drawn from the driver's own table.

import { ShieldCheck } from 'lucide-react'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormatFacts, FormatId, ImageFacts, OptionSpec, OptionValues } from '../../../core/model/index.ts'
import type { AmendRequest, Volume } from '../../../electron/contract/data.ts'
import { currentOptions } from '../../forms/current-options.ts'
import { OptionField } from '../../forms/option-field.tsx'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { useInspection } from '../../state/inspection.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { useSettings } from '../../state/settings.ts'
import { commandText } from '../../state/shell-words.ts'
import { fileName } from '../../state/volumes.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { CommandFold } from '../../ui/command-fold.tsx'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import styles from './amend.module.css'

interface AmendDialogProps {
  readonly volume: Volume
  readonly facts: FormatFacts
  readonly formats: readonly FormatFacts[]
}

export function AmendDialog({ volume, facts, formats }: AmendDialogProps) {
  const { t } = useTranslation()
  const id = useId()
  const { value: chain, error } = useInspection(volume)
  const image = chain?.[0]
  const [chosen, setChosen] = useState<OptionValues>({})
  const [backingFormat, setBackingFormat] = useState<FormatId>()
  const [keepUndo, setKeepUndo] = useState(useSettings((state) => state.settings.keepUndo))
  const options = image ? amendableOptions(facts, image) : []
  const current = image ? currentOptions(image, options) : {}
  const changed = Object.fromEntries(Object.entries(chosen).filter(([name, value]) => current[name] !== value))
  const changesBacking = backingFormat !== undefined && backingFormat !== image?.backing?.format
  const request: AmendRequest = {
    kind: 'amend',
    ...theVolume(volume),
    options: changed,
    ...(changesBacking && { backingFormat }),
    ...(keepUndo && { keepUndo }),
  }
  const nothing = Object.keys(changed).length === 0 && !changesBacking

  function reason(): string | undefined {
    if (error) return error.message
    if (!image) return t('chain.looking')
    return nothing ? t('amend.nothing') : undefined
  }

  const words = [
    ...Object.entries(changed).map(([name, value]) => `${name}=${optionText(value)}`),
    ...(changesBacking ? [`backing_fmt=${backingFormat}`] : []),
  ]
  const command = nothing ? '' : commandText(['spindle', 'amend', '-o', words.join(','), volume.path])
  return (
    <FormDialog
      title={t('amend.title', { name: fileName(volume.name) })}
      labels={dialogLabels()}
      submit={t('amend.submit')}
      reason={reason()}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('amend.promise')}
        </>
      }
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        startJobs([request]).catch(tell)
      }}
    >
      <p>{t('amend.text')}</p>
      <div className={styles.options}>
        {options.map((option) => (
          <OptionField
            key={option.name}
            option={option}
            value={chosen[option.name] ?? current[option.name] ?? option.default}
            onValueChange={(value) => setChosen({ ...chosen, [option.name]: value })}
          />
        ))}
        {image?.backing && (
          <Field label={t('amend.backingFormat')} htmlFor={id}>
            <Select
              id={id}
              label={t('amend.backingFormat')}
              items={formats.map(({ format, title }) => ({ value: format, label: title }))}
              value={backingFormat ?? formatIn(formats, image.backing.format)}
              onValueChange={setBackingFormat}
            />
          </Field>
        )}
      </div>
      <Block>
        <Checkbox label={t('undo.keep')} help={t('amend.keepHelp')} checked={keepUndo} onCheckedChange={setKeepUndo} />
      </Block>
      <Block>
        <CommandFold
          title={t('convert.command')}
          text={command}
          copyLabel={t('inspector.copyCommand')}
          doneLabel={t('error.copied')}
          onCopy={() => {
            api.copyText(command).catch(tell)
          }}
        />
      </Block>
    </FormDialog>
  )
}

/** Another data file would be named by a path: that is the command line's. */
function amendableOptions({ options }: FormatFacts, { details }: ImageFacts): readonly OptionSpec[] {
  return options.filter(
    ({ name, amendable }) =>
      amendable === true && name !== 'data_file' && (name !== 'data_file_raw' || details.dataFile !== undefined),
  )
}

function formatIn(formats: readonly FormatFacts[], format: string | undefined): FormatId {
  return formats.find((one) => one.format === format)?.format ?? 'raw'
}

function optionText(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
}
