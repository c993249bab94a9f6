// Deleting what is in the trash for good: what goes, and how much room that gives.

import { useTranslation } from 'react-i18next'
import type { Trashed } from '../../../electron/contract/data.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { startJobs } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Impacts } from '../../ui/impacts.tsx'
import { HardDrive } from 'lucide-react'

/** More are only counted: the list is to be seen whole. */
const MOST_NAMED = 3

export function EmptyTrash({ items }: { readonly items: readonly Trashed[] }) {
  const { t } = useTranslation()
  const size = items.reduce((sum, { allocatedSize }) => sum + allocatedSize, 0)
  const icon = <HardDrive aria-hidden="true" />
  return (
    <FormDialog
      title={t('trash.emptyTitle', { count: items.length })}
      alert
      danger
      labels={dialogLabels()}
      submit={t('trash.emptySubmit', { size: sizeText(size) })}
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        startJobs([{ kind: 'empty-trash', items: items.map(({ id }) => id) }]).catch(tell)
      }}
    >
      <p>{t('trash.emptyText')}</p>
      <Impacts
        label={t('trash.items')}
        impacts={[
          ...items.slice(0, MOST_NAMED).map((item) => ({
            icon,
            text: fileName(item.from),
            amount: sizeText(item.allocatedSize),
          })),
          ...(items.length > MOST_NAMED
            ? [{ icon, text: t('files.andMore', { count: items.length - MOST_NAMED }) }]
            : []),
        ]}
      />
    </FormDialog>
  )
}
