// The dialog itself: its form, what is wrong with it, and its buttons.

import { useId, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormatFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { closeDialog } from '../../state/dialogs.ts'
import { useFolders } from '../../state/folders.ts'
import { isEncrypted } from '../../forms/encrypt.ts'
import type { NewPassphraseHandle, PassphraseProblem } from '../../forms/new-passphrase.tsx'
import { extensionOf, factsOf, useFormats } from '../../state/formats.ts'
import { useSettings } from '../../state/settings.ts'
import { useView } from '../../state/view.ts'
import { fileName, stem, useVolumes } from '../../state/volumes.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './create.module.css'
import { ALLOCATION, freeName, namesIn, problemsOf, requestOf } from './form.ts'
import type { CreateForm } from './form.ts'
import { FormFields } from './form-fields.tsx'
import { Summary } from './summary.tsx'
import { useCreateJob } from './use-create-job.ts'
import { usePredictions } from './use-predictions.ts'

const DEFAULT_SIZE = '20 GiB'

interface CreateDialogProps {
  readonly formats: readonly FormatFacts[]
  /** That is proposed to lie on. */
  readonly backing: Volume | undefined
}

export function CreateDialog({ formats, backing }: CreateDialogProps) {
  const { t } = useTranslation()
  const formId = useId()
  const reasonId = useId()
  const nameField = useRef<HTMLInputElement>(null)
  const folders = useFolders()
  const all = useFormats((state) => state.formats)
  const volumes = useVolumes((state) => state.byId)
  const scope = useView((state) => state.scope)
  const { attempt, start, forget } = useCreateJob()

  const [form, setForm] = useState<CreateForm>(() => {
    const { newFormat } = useSettings.getState().settings
    const usual = formats.find((one) => one.format === newFormat) ?? formats[0]
    const facts =
      backing && usual?.capabilities.backing !== true
        ? (formats.find(({ capabilities }) => capabilities.backing) ?? usual)
        : usual
    const place = backing?.place ?? (scope.kind === 'place' ? scope.place : undefined)
    const folder = folders.find((one) => one.id === place) ?? folders[0]
    const extension = facts ? extensionOf(facts) : ''
    return {
      format: facts?.format ?? 'raw',
      name: freeName(
        backing ? stem(fileName(backing.name)) : t('create.newName'),
        extension,
        namesIn(folder?.id, volumes.values()),
      ),
      folder: folder?.id,
      // As large as what it lies on.
      size: backing ? '' : DEFAULT_SIZE,
      backing: backing?.id,
      options: {},
      overwrite: false,
    }
  })
  const secrets = useRef<NewPassphraseHandle>(null)
  const [passphraseProblem, setPassphraseProblem] = useState<PassphraseProblem>()
  const facts = factsOf(all, form.format) ?? formats[0]
  const taken = useMemo(() => namesIn(form.folder, volumes.values()), [form.folder, volumes])

  const option = facts?.options.find((one) => one.name === ALLOCATION)
  const allocations = option?.kind === 'choice' ? option.choices.map((choice) => choice.value) : ['']
  const request = facts && requestOf(form, facts)
  const predictions = usePredictions(request, allocations)
  const prediction = predictions.get(String(form.options[ALLOCATION] ?? option?.default ?? ''))
  if (!facts) return null

  const problems = problemsOf(form, facts, taken)
  const folder = folders.find((one) => one.id === form.folder)
  const refusal = prediction?.kind === 'refused' ? prediction.error : undefined
  const failure = attempt.kind === 'failed' ? attempt.error : undefined
  const problem = problems.name ?? problems.folder ?? problems.size
  const encrypted = isEncrypted(form.format, form.options)
  const short = prediction?.kind === 'known' ? prediction.sizes.now - (folder?.space?.free ?? Infinity) : 0
  const busy = attempt.kind === 'starting' || attempt.kind === 'started'
  const reason =
    problem === undefined
      ? refusal
        ? t('create.refused')
        : short > 0
          ? t('create.noSpace')
          : encrypted && passphraseProblem
            ? t(`lock.problem.${passphraseProblem}`)
            : undefined
      : t(`create.problem.${problem}`)

  function change(part: Partial<CreateForm>): void {
    forget()
    setForm((before) => {
      const after = { ...before, ...part }
      // Leave to replace a file was given for that file only.
      const other = after.name !== before.name || after.folder !== before.folder || after.format !== before.format
      return other ? { ...after, overwrite: part.overwrite ?? false } : after
    })
  }

  function submit(): void {
    if (request && reason === undefined && !busy) start(request, encrypted ? secrets.current : null)
  }

  return (
    <Dialog
      title={t('create.title')}
      width="wide"
      closeLabel={t('dialog.close')}
      onClose={closeDialog}
      initialFocus={nameField}
      asideTitle={t('create.summary')}
      aside={<Summary form={form} facts={facts} folder={folder} prediction={prediction} request={request} />}
      footer={
        <>
          <span id={reasonId} className={styles.reason}>
            {reason}
          </span>
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            aria-disabled={reason === undefined && !busy ? undefined : true}
            aria-describedby={reasonId}
          >
            {t('create.submit')}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <FormFields
          form={form}
          formats={formats}
          facts={facts}
          problems={problems}
          exists={failure?.code === 'exists'}
          taken={taken}
          predictions={predictions}
          nameField={nameField}
          secrets={secrets}
          onPassphraseProblem={setPassphraseProblem}
          onChange={change}
        />
      </form>
      {[refusal, failure?.code === 'exists' ? undefined : failure].map(
        (error) =>
          error && (
            <div key={error.message} className={styles.refusal}>
              <Note kind="danger" role="alert">
                {error.message}
              </Note>
            </div>
          ),
      )}
    </Dialog>
  )
}
