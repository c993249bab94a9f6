// Deleting volumes that others lie on: what would break, and the ways in which nothing does.

import { Layers, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TrashPlan } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { startJobs, startThen, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { sizeText } from '../../state/text.ts'
import { fileName, useVolumes } from '../../state/volumes.ts'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Impacts } from '../../ui/impacts.tsx'
import { Note } from '../../ui/note.tsx'
import { Ways } from '../../ui/ways.tsx'

type Choice = 'flatten' | 'together' | 'alone'

/** More are only counted: the list is to be seen whole. */
const MOST_NAMED = 3

interface DeleteNeededProps {
  readonly volumes: readonly Volume[]
  readonly plan: TrashPlan
}

export function DeleteNeeded({ volumes, plan }: DeleteNeededProps) {
  const { t } = useTranslation()
  const [choice, setChoice] = useState<Choice>('flatten')
  const byId = useVolumes((state) => state.byId)
  const paths = new Set(plan.dependents)
  const known = [...byId.values()].filter(({ path }) => paths.has(path))
  const [first] = volumes
  const name = fileName(first?.name ?? '')
  const count = plan.dependents.length
  // What the library does not show cannot be named in a request.
  const canAll = known.length === count
  const submit =
    choice === 'flatten' ? 'files.flattenFirst' : choice === 'together' ? 'files.deleteAll' : 'files.deleteAnyway'

  async function start(): Promise<void> {
    const all = choice === 'together' ? [...volumes, ...known] : volumes
    const request = { kind: 'trash', volumes: all.map(({ id }) => id), allowDependents: choice === 'alone' } as const
    if (choice !== 'flatten') await startJobs([request])
    else {
      const flatten = known.map((one) => ({ kind: 'rebase', ...theVolume(one), nameOnly: false }) as const)
      await startThen(flatten, async () => void (await api.startJob(request)))
    }
  }

  return (
    <FormDialog
      title={
        volumes.length === 1 ? t('files.deleteTitle', { name }) : t('files.deleteSeveral', { count: volumes.length })
      }
      alert
      danger={choice === 'alone'}
      labels={dialogLabels()}
      submit={t(submit, { count: count + volumes.length })}
      reason={choice !== 'alone' && !canAll ? t('files.notAllShown') : undefined}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('files.canComeBack')}
        </>
      }
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        start().catch(tell)
      }}
    >
      <p>{t('files.needed', { count })}</p>
      <Impacts
        label={t('files.dependents')}
        impacts={[
          ...plan.dependents.slice(0, MOST_NAMED).map((path) => ({
            icon: <Layers aria-hidden="true" />,
            text: fileName(path),
          })),
          ...(count > MOST_NAMED
            ? [{ icon: <Layers aria-hidden="true" />, text: t('files.andMore', { count: count - MOST_NAMED }) }]
            : []),
        ]}
      />
      <Block>
        <Ways<Choice>
          label={t('files.ways')}
          value={choice}
          onValueChange={setChoice}
          ways={[
            {
              value: 'flatten',
              title: t('files.flatten'),
              detail: t('files.flattenDetail', { count }),
              disabled: !canAll,
            },
            {
              value: 'together',
              title: t('files.together'),
              detail: t('files.togetherDetail', {
                size: sizeText(plan.allocatedSize + known.reduce((sum, one) => sum + one.allocatedSize, 0)),
              }),
              disabled: !canAll,
            },
            { value: 'alone', title: t('files.alone'), detail: t('files.aloneDetail', { count }) },
          ]}
        />
      </Block>
      {choice === 'alone' && <Note kind="warn">{t('files.aloneWarning')}</Note>}
    </FormDialog>
  )
}
