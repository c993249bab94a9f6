// The dialog: what is chosen for all, the sources, and the buttons.

import { ShieldCheck } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData, FormatFacts, SnapshotFacts } from '../../../core/model/index.ts'
import { errorData } from '../../../core/model/index.ts'
import { isEncrypted, withSecrets } from '../../forms/encrypt.ts'
import type { NewPassphraseHandle, PassphraseProblem } from '../../forms/new-passphrase.tsx'
import { api } from '../../state/api.ts'
import { closeDialog } from '../../state/dialogs.ts'
import type { ConvertSource } from '../../state/dialogs.ts'
import { rememberFolder, useFolders } from '../../state/folders.ts'
import { factsOf, useFormats } from '../../state/formats.ts'
import { tell } from '../../state/notices.ts'
import { useSettings } from '../../state/settings.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import styles from './convert.module.css'
import { Estimate } from './estimate.tsx'
import { initialForm, requestOf } from './form.ts'
import type { ConvertForm, Row } from './form.ts'
import { ManySources } from './many-sources.tsx'
import { OneSource } from './one-source.tsx'
import { Options } from './options.tsx'
import { rowState } from './row-state.ts'
import { usePlans } from './use-plans.ts'

interface ConvertDialogProps {
  readonly formats: readonly FormatFacts[]
  readonly given: readonly ConvertSource[]
  readonly snapshot: SnapshotFacts | undefined
}

export function ConvertDialog({ formats, given, snapshot }: ConvertDialogProps) {
  const { t } = useTranslation()
  const formId = useId()
  const reasonId = useId()
  const firstName = useRef<HTMLInputElement>(null)
  const verify = useSettings((state) => state.settings.verifyConversions)
  const folders = useFolders()
  const all = useFormats((state) => state.formats)
  const [form, setForm] = useState(() => initialForm(given, formats, verify, snapshot))
  const [failures, setFailures] = useState<ReadonlyMap<string, ErrorData>>(new Map())
  const [starting, setStarting] = useState(false)
  const secrets = useRef<NewPassphraseHandle>(null)
  const [passphraseProblem, setPassphraseProblem] = useState<PassphraseProblem>()
  const encrypted = isEncrypted(form.format, form.options)
  const facts = factsOf(all, form.format)
  const plans = usePlans(facts ? form.rows.map((row) => requestOf(form, row, facts)) : [])

  // The new file goes beside the original until another folder is chosen.
  const [first] = form.rows
  const homeless = form.folder === undefined ? first?.source.id : undefined
  useEffect(() => {
    if (homeless === undefined) return
    async function look(volume: string): Promise<void> {
      const folder = await api.folderOf(volume)
      rememberFolder(folder)
      setForm((before) => ({ ...before, folder: before.folder ?? folder.id }))
    }
    look(homeless).catch(tell)
  }, [homeless])

  if (!facts) return null
  const states = form.rows.map((row, index) => rowState(form, row, facts, plans[index], failures))
  const ready = states.filter((state) => state.blocked === undefined)
  const [only] = form.refused.length === 0 && states.length === 1 ? states : []

  function change(part: Partial<ConvertForm>): void {
    setFailures(new Map())
    setForm((before) => {
      const after = { ...before, ...part }
      // Leave to replace a file was given for that file only.
      const elsewhere = after.folder !== before.folder || after.format !== before.format
      return elsewhere ? { ...after, rows: after.rows.map((row) => ({ ...row, overwrite: false })) } : after
    })
  }

  function changeRow(row: Row, part: Partial<Row>): void {
    change({ rows: form.rows.map((one) => (one === row ? { ...row, overwrite: false, ...part } : one)) })
  }

  async function start(): Promise<void> {
    if (!facts || starting || reason !== undefined) return
    setStarting(true)
    const failed = new Map<string, ErrorData>()
    for (const { row } of ready) {
      const request = requestOf(form, row, facts)
      if (!request) continue
      try {
        const { options, format } = request
        // Each has passphrases of its own, for one use.
        const held = encrypted && secrets.current ? await withSecrets(options, format, secrets.current) : options
        await api.startJob({ ...request, options: held })
      } catch (thrown) {
        failed.set(row.source.id, errorData(thrown))
      }
    }
    if (failed.size === 0) {
      closeDialog()
      return
    }
    // Those that run are gone from here; those that do not say why.
    const started = new Set(ready.map(({ row }) => row.source.id).filter((id) => !failed.has(id)))
    setForm((before) => ({ ...before, rows: before.rows.filter((row) => !started.has(row.source.id)) }))
    setFailures(failed)
    setStarting(false)
  }

  const reason =
    ready.length === 0
      ? t(`convert.blocked.${states[0]?.blocked ?? 'nothing'}`)
      : encrypted && passphraseProblem
        ? t(`lock.problem.${passphraseProblem}`)
        : undefined
  const controls = { form, formats, facts, firstName, onChange: change, onRowChange: changeRow }
  return (
    <Dialog
      title={
        only ? t('convert.titleOne', { name: only.row.source.name }) : t('convert.title', { count: states.length })
      }
      width="medium"
      closeLabel={t('dialog.close')}
      onClose={closeDialog}
      initialFocus={firstName}
      footer={
        <>
          <span id={reasonId} className={styles.promise}>
            {reason === undefined && <ShieldCheck className="icon-14" aria-hidden="true" />}
            {reason ?? t('convert.promise')}
          </span>
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button
            variant="primary"
            aria-disabled={reason === undefined && !starting ? undefined : true}
            aria-describedby={reasonId}
            type="submit"
            form={formId}
          >
            {ready.length > 1 || !only
              ? t('convert.submit', { count: Math.max(1, ready.length) })
              : t('convert.submitOne')}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void start()
        }}
      >
        {only ? <OneSource {...controls} state={only} /> : <ManySources {...controls} states={states} />}
        <Options
          form={form}
          formats={formats}
          facts={facts}
          secrets={secrets}
          onChange={change}
          onPassphraseProblem={setPassphraseProblem}
        />
        <Estimate
          plans={states.flatMap(({ plan }) => plan ?? [])}
          folder={folders.find((folder) => folder.id === form.folder)?.label ?? ''}
        />
      </form>
    </Dialog>
  )
}
