// One volume: name, what its bytes are, its chain, its format, and the command that tells the same.

import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { api } from '../../state/api.ts'
import { factsOf, formatShape, useFormats } from '../../state/formats.ts'
import { useInspection } from '../../state/inspection.ts'
import { useLockedFile } from '../../state/locks.ts'
import { tell } from '../../state/notices.ts'
import { allowOutside } from '../../state/outside.ts'
import { usePlaces } from '../../state/places.ts'
import { commandText } from '../../state/shell-words.ts'
import { useUndo } from '../../state/undo.ts'
import { fileName } from '../../state/volumes.ts'
import { Allocation } from '../../forms/allocation.tsx'
import { chainFacts, fileFacts, formatFacts } from '../../forms/image-facts.tsx'
import { useAllocation } from '../../forms/use-allocation.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './inspector.module.css'
import { LockNotice } from './lock-notice.tsx'
import { Trouble } from './trouble.tsx'

interface VolumeFactsProps {
  readonly volume: Volume
  readonly notice: ReactNode
}

export function VolumeFacts({ volume, notice }: VolumeFactsProps) {
  const { t } = useTranslation()
  const { value: chain, error } = useInspection(volume)
  const allocation = useAllocation(volume)
  const place = usePlaces((state) => state.places.find((one) => one.id === volume.place))
  const copyPath = useCommand('volume.copy-path')
  const [image] = chain ?? []
  const facts = useFormats((state) => factsOf(state.formats, image?.format))
  // A change that was cut off has a notice of its own, with the way out.
  const cutOff = useUndo((state) => state.offers.get(volume.id)?.kind === 'cut-off')
  const lockedFile = useLockedFile(volume)
  const said = error ?? image?.unreadable ?? (chain ? chain.at(-1)?.unreadable : volume.error)
  // What is locked is no trouble: its notice has the way in.
  const trouble = said?.code === 'locked' ? undefined : said
  const command = commandText(['spindle', 'info', '--backing-chain', volume.path])
  const name = fileName(volume.name)
  const formatLine = image ? formatFacts(image) : []

  return (
    <>
      <div className={styles.header}>
        <span className={styles.glyph}>
          <Glyph shape={formatShape(volume.format)} className="icon-20" />
        </span>
        <div className="column grow">
          <h2 className={styles.name} title={name}>
            {name}
          </h2>
          <span className="secondary muted cut" title={volume.path}>
            {[place?.label, (image?.format ?? volume.format)?.toUpperCase()].filter(Boolean).join(', ')}
          </span>
        </div>
        <CopyButton label={copyPath.title} doneLabel={t('error.copied')} onCopy={copyPath.run} />
      </div>
      <div className={styles.notice}>{notice}</div>
      <div className={styles.body}>
        {trouble && !cutOff && (
          <Trouble error={trouble}>
            {trouble.code === 'outside' && (
              <div className={styles.way}>
                <Button size="small" onClick={() => allowOutside(volume.id)}>
                  {t('inspector.allowOutside')}
                </Button>
              </div>
            )}
          </Trouble>
        )}
        {typeof lockedFile === 'string' && !trouble && <LockNotice volume={volume} file={lockedFile} />}
        {image?.details.warnings?.map((warning) => (
          <div key={warning} className={styles.trouble}>
            <Note kind="warn">{warning}</Note>
          </div>
        ))}
        <Allocation
          volume={volume}
          strip={allocation}
          failed={(trouble !== undefined || lockedFile !== null) && allocation === undefined}
        />
        {chain && (
          <>
            <h3 className={styles.section}>{t('inspector.chain')}</h3>
            <Facts facts={chainFacts(chain, facts?.capabilities.snapshots ?? false)} />
          </>
        )}
        {formatLine.length > 0 && (
          <>
            <h3 className={styles.section}>{t('inspector.format')}</h3>
            <Facts facts={formatLine} />
          </>
        )}
        <h3 className={styles.section}>{t('inspector.file')}</h3>
        <Facts facts={fileFacts(volume)} />
        <div className={styles.section}>
          <h3 className="grow">{t('inspector.command')}</h3>
          <CopyButton
            label={t('inspector.copyCommand')}
            doneLabel={t('error.copied')}
            onCopy={() => {
              api.copyText(command).catch(tell)
            }}
          />
        </div>
        <CodeBlock text={command} />
      </div>
    </>
  )
}
