// Moving or copying a volume: where to, under which name, and who is told of it.

import { Folder as FolderIcon, FolderOpen, ShieldCheck } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Folder, MoveRequest, Volume } from '../../../electron/contract/data.ts'
import type { FolderId } from '../../../electron/contract/ids.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { chooseFolder, rememberFolder, useFolders } from '../../state/folders.ts'
import { startJobs } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { usePlanned } from '../../state/planned.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Figures } from '../../ui/figures.tsx'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { Select } from '../../ui/select.tsx'
import { TextField } from '../../ui/text-field.tsx'

interface RelocateProps {
  readonly volume: Volume
  readonly act: 'move' | 'copy'
}

const plan = (request: MoveRequest) => api.planMove(request)

export function Relocate({ volume, act }: RelocateProps) {
  const { t } = useTranslation()
  const folderField = useId()
  const nameField = useId()
  const field = useRef<HTMLInputElement>(null)
  const folders = useFolders()
  const before = fileName(volume.name)
  const [folder, setFolder] = useState<FolderId>()
  const [name, setName] = useState(before)
  const [home, setHome] = useState<FolderId>()

  useEffect(() => {
    const begin = (found: Folder): void => {
      rememberFolder(found)
      setHome(found.id)
      setFolder((chosen) => chosen ?? found.id)
    }
    api.folderOf(volume.id).then(begin, tell)
  }, [volume.id])

  const request: MoveRequest = {
    kind: 'move',
    volume: volume.id,
    name,
    ...(folder !== undefined && folder !== home && { folder }),
  }
  const { plan: planned, error } = usePlanned(request, plan)
  const same = folder === home && name === before
  const problem =
    name.trim() === '' || name.includes('/') ? t('files.badName') : same ? t(`files.${act}Same`) : undefined
  const moves = act === 'move'

  return (
    <FormDialog
      title={t(moves ? 'files.moveTitle' : 'files.copyTitle', { name: before })}
      labels={dialogLabels()}
      submit={t(moves ? 'files.move' : 'files.copy')}
      reason={
        problem ?? (moves ? error?.message : undefined) ?? (folder === undefined ? t('chain.looking') : undefined)
      }
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t(moves ? 'files.moveSafe' : 'files.copySafe')}
        </>
      }
      initialFocus={field}
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        if (folder === undefined) return
        startJobs([moves ? request : { kind: 'copy', volume: volume.id, name, folder }]).catch(tell)
      }}
    >
      <Field label={t('files.name')} htmlFor={nameField}>
        <TextField
          id={nameField}
          ref={field}
          value={name}
          onValueChange={setName}
          invalid={problem !== undefined && !same}
          onFocus={(event) => event.target.setSelectionRange(0, Math.max(0, name.lastIndexOf('.')))}
        />
      </Field>
      <Block>
        <Field label={t('files.where')} htmlFor={folderField}>
          <Select
            id={folderField}
            label={t('files.where')}
            items={folders.map((one) => ({
              value: one.id,
              label: one.label,
              detail: one.space && t('places.free', { size: sizeText(one.space.free) }),
              icon: <FolderIcon aria-hidden="true" />,
            }))}
            value={folder ?? ''}
            onValueChange={setFolder}
            placeholder={t('create.chooseFolder')}
            action={{
              label: t('create.chooseFolder'),
              icon: <FolderOpen aria-hidden="true" />,
              run: () => {
                chooseFolder().then((found) => found && setFolder(found.id), tell)
              },
            }}
          />
        </Field>
      </Block>
      {planned && (
        <Figures
          figures={[
            { label: t('files.bytes'), value: sizeText(moves && !planned.copies ? 0 : planned.allocatedSize) },
            { label: t('files.free'), value: sizeText(planned.free) },
          ]}
        />
      )}
      {moves && planned && planned.told.length > 0 && (
        <Note kind="info">
          {t('files.told', { count: planned.told.length, names: planned.told.map(fileName).slice(0, 5).join(', ') })}
        </Note>
      )}
    </FormDialog>
  )
}
