// Mending a broken link: the base is pointed at, looked at, and only then named in the volume.

import { FileCheck2, FileSearch, FileX2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BaseVerdict } from '../../../core/model/index.ts'
import type { Granted, Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { sizeText } from '../../state/text.ts'
import { fileName, useVolumes } from '../../state/volumes.ts'
import { Button } from '../../ui/button.tsx'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Impacts } from '../../ui/impacts.tsx'
import { Note } from '../../ui/note.tsx'

interface Candidate {
  readonly id: string
  readonly name: string
  readonly size: number
  readonly verdict: BaseVerdict
}

export function Locate({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const choose = useRef<HTMLButtonElement>(null)
  const [found, setFound] = useState<Candidate>()
  const byId = useVolumes((state) => state.byId)
  const wanted = fileName(volume.backing ?? '')
  const namesakes = [...byId.values()].filter((one) => fileName(one.name) === wanted && one.id !== volume.id)

  async function look(id: string, name: string, size: number): Promise<void> {
    setFound({ id, name, size, verdict: await api.checkBase(volume.id, id) })
  }

  async function chooseFile(): Promise<void> {
    const [file] = await api.chooseFiles()
    if (file) await lookAt(file)
  }

  async function lookAt(file: Granted): Promise<void> {
    if (file.kind === 'volume') await look(file.id, file.name, file.facts.virtualSize)
    else if (file.kind === 'refused') tell(file.error)
  }

  const blocked = !found
    ? t('locate.chooseFirst')
    : found.verdict.kind === 'another'
      ? t('locate.isAnother')
      : undefined
  return (
    <FormDialog
      title={t('locate.title', { name: fileName(volume.name) })}
      labels={dialogLabels()}
      submit={t('locate.submit')}
      reason={blocked}
      promise={t('locate.promise')}
      initialFocus={choose}
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        if (!found) return
        startJobs([{ kind: 'rebase', ...theVolume(volume), backing: found.id, nameOnly: true, keepUndo: true }]).catch(
          tell,
        )
      }}
    >
      <p>{t('locate.text', { name: fileName(volume.name), base: wanted })}</p>
      <Block>
        <Button
          ref={choose}
          icon={<FileSearch aria-hidden="true" />}
          onClick={() => {
            chooseFile().catch(tell)
          }}
        >
          {t('locate.choose')}
        </Button>
      </Block>
      {namesakes.length > 0 && (
        <Block>
          <p className="secondary muted">{t('locate.sameName')}</p>
          {namesakes.slice(0, 4).map((one) => (
            <Button
              key={one.id}
              variant="ghost"
              title={one.path}
              onClick={() => {
                look(one.id, fileName(one.name), one.virtualSize ?? 0).catch(tell)
              }}
            >
              {one.path}
            </Button>
          ))}
        </Block>
      )}
      {found && (
        <Block>
          <Impacts
            label={t('locate.found')}
            impacts={[
              {
                icon:
                  found.verdict.kind === 'another' ? <FileX2 aria-hidden="true" /> : <FileCheck2 aria-hidden="true" />,
                text: found.name,
                detail: t(`locate.verdict.${found.verdict.kind}`),
                amount: sizeText(found.size),
              },
            ]}
          />
          {found.verdict.doubts.map((doubt) => (
            <Note key={doubt} kind={found.verdict.kind === 'another' ? 'danger' : 'warn'}>
              {t(`locate.doubt.${doubt}`)}
            </Note>
          ))}
        </Block>
      )}
    </FormDialog>
  )
}
