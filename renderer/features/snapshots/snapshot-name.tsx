// Taking a snapshot, and giving one another name: both ask for a name and nothing else.

import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SnapshotAction, SnapshotFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { useInspection } from '../../state/inspection.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { fullDateText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Field, FormDialog } from '../../ui/form-dialog.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { nameProblem } from './names.ts'
import styles from './snapshots.module.css'

export function TakeSnapshot({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const [proposed] = useState(() => fullDateText(Date.now()))
  return (
    <NameDialog
      volume={volume}
      title={t('snapshots.takeTitle', { name: fileName(volume.name) })}
      submit={t('snapshots.take')}
      before={proposed}
      actionOf={(name) => ({ kind: 'create', name })}
      help={t('snapshots.takeHelp')}
    />
  )
}

interface RenameProps {
  readonly volume: Volume
  readonly snapshot: SnapshotFacts
}

export function RenameSnapshot({ volume, snapshot }: RenameProps) {
  const { t } = useTranslation()
  return (
    <NameDialog
      volume={volume}
      title={t('snapshots.renameTitle', { name: snapshot.name })}
      submit={t('snapshots.rename')}
      before={snapshot.name}
      own={snapshot.id}
      actionOf={(name) => ({ kind: 'rename', id: snapshot.id, name })}
    />
  )
}

interface NameDialogProps {
  readonly volume: Volume
  readonly title: string
  readonly submit: string
  /** What the field holds at first. */
  readonly before: string
  /** Of the snapshot that has the name already, and may keep it. */
  readonly own?: string
  readonly actionOf: (name: string) => SnapshotAction
  readonly help?: string
}

function NameDialog({ volume, title, submit, before, own, actionOf, help }: NameDialogProps) {
  const { t } = useTranslation()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [name, setName] = useState(before)
  const { value: chain } = useInspection(volume)
  const others = (chain?.[0]?.details.snapshots ?? []).filter((one) => one.id !== own)
  const problem = nameProblem(name, others)
  const text = problem && t(`snapshots.problem.${problem}`)
  return (
    <FormDialog
      title={title}
      labels={dialogLabels()}
      submit={submit}
      reason={text}
      initialFocus={field}
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        if (own !== undefined && name.trim() === before) return
        startJobs([{ kind: 'snapshot', ...theVolume(volume), action: actionOf(name.trim()) }]).catch(tell)
      }}
    >
      <Field label={t('snapshots.name')} htmlFor={id}>
        <TextField
          id={id}
          ref={field}
          value={name}
          onValueChange={setName}
          invalid={problem !== undefined}
          onFocus={(event) => event.target.select()}
        />
      </Field>
      {help !== undefined && <p className={styles.help}>{help}</p>}
    </FormDialog>
  )
}
