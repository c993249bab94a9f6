// What lies on a volume: its partitions to scale, and the file systems in them.

import { HardDrive, Lock, SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { DiskContents } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { drawnParts, useContents } from '../../state/contents.ts'
import { errorText } from '../../state/errors.ts'
import { sizeText } from '../../state/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { PartsBar } from '../../ui/parts-bar.tsx'
import styles from './contents.module.css'
import { PartitionTable } from './partition-table.tsx'

const BAR_HEIGHT = 44

export function ContentsTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const { value: contents, error } = useContents(volume)
  const problem = contents?.unreadable ?? error
  if (problem) {
    const { headline, rest } = errorText(problem)
    return (
      <Empty icon={problem.code === 'locked' ? <Lock className="icon-32" aria-hidden="true" /> : <Missing />}>
        <p className="strong">{problem.code === 'locked' ? t('contents.locked') : headline}</p>
        <p className="muted">{problem.code === 'locked' ? t('contents.lockedHelp') : rest}</p>
      </Empty>
    )
  }
  if (!contents) {
    return (
      <Empty icon={<HardDrive className="icon-32" aria-hidden="true" />}>
        <p role="status">{t('contents.looking')}</p>
      </Empty>
    )
  }
  const isBlank = contents.scheme === 'none' && !contents.fileSystem
  return isBlank ? (
    <Empty icon={<Missing />}>
      <p className="strong">{t('contents.nothing')}</p>
      <p className="muted">{t('contents.nothingHelp')}</p>
    </Empty>
  ) : (
    <Found contents={contents} />
  )
}

function Missing() {
  return <SearchX className="icon-32" aria-hidden="true" />
}

function Empty({ icon, children }: { readonly icon: ReactNode; readonly children: ReactNode }) {
  return (
    <div className={styles.empty}>
      {icon}
      {children}
    </div>
  )
}

function Found({ contents }: { readonly contents: DiskContents }) {
  const { t } = useTranslation()
  const resize = useCommand('volume.resize')
  const { scheme, diskSize, sectorSize, diskId, problems, smallestSize } = contents
  return (
    // Whoever uses the keyboard scrolls it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.body} aria-label={t('volume.contents')} tabIndex={0}>
      <div className={styles.head}>
        <span className="strong nowrap">{t(`contents.scheme.${scheme}`)}</span>
        <span className="secondary muted cut grow" title={diskId}>
          {[sizeText(diskSize), scheme !== 'none' && t('contents.sectors', { size: sectorSize }), diskId]
            .filter(Boolean)
            .join(', ')}
        </span>
        {smallestSize !== undefined && smallestSize < diskSize && (
          <span className="secondary muted nowrap">{t('contents.fits', { size: sizeText(smallestSize) })}</span>
        )}
        <Button
          size="small"
          title={resize.reason}
          aria-disabled={resize.reason === undefined ? undefined : true}
          onClick={() => {
            if (resize.reason === undefined) resize.run()
          }}
        >
          {resize.title}
        </Button>
      </div>
      <PartsBar parts={drawnParts(contents)} height={BAR_HEIGHT} />
      <div className={styles.ruler} aria-hidden="true">
        <span>0</span>
        <span>{sizeText(diskSize / 2)}</span>
        <span>{sizeText(diskSize)}</span>
      </div>
      {problems.length > 0 && (
        <div className={styles.problems}>
          {problems.map((problem) => (
            <Note key={problem} kind="warn">
              {problem}
            </Note>
          ))}
        </div>
      )}
      <PartitionTable contents={contents} />
    </section>
  )
}
