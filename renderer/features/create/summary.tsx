// The right side: what it takes, what that does to the disk, who opens it, and the same as a command.

import { Trans, useTranslation } from 'react-i18next'
import type { FormatFacts } from '../../../core/model/index.ts'
import type { CreateRequest, Folder } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { formatShape, madeFormat } from '../../state/formats.ts'
import { tell } from '../../state/notices.ts'
import { claimsByPlace } from '../../state/places.ts'
import { sizeText } from '../../state/text.ts'
import { useVolumes } from '../../state/volumes.ts'
import { CapacityBar } from '../../ui/bar.tsx'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Note } from '../../ui/note.tsx'
import { createCommand } from './command.ts'
import styles from './create.module.css'
import { fullName } from './form.ts'
import type { CreateForm } from './form.ts'
import type { Prediction } from './use-predictions.ts'

interface SummaryProps {
  readonly form: CreateForm
  readonly facts: FormatFacts
  readonly folder: Folder | undefined
  readonly prediction: Prediction | undefined
  readonly request: CreateRequest | undefined
}

export function Summary({ form, facts, folder, prediction, request }: SummaryProps) {
  const { t } = useTranslation()
  const byId = useVolumes((state) => state.byId)
  const backing = request?.backing === undefined ? undefined : byId.get(request.backing)
  const size = request?.virtualSize ?? backing?.virtualSize
  const made = madeFormat(facts.format)
  const known = prediction?.kind === 'known' ? prediction.sizes : undefined
  const sizes = { now: known ? sizeText(known.now) : '–', most: known ? sizeText(known.atMost) : '–' }
  const command = request && createCommand(request, { folder: folder?.label ?? '', backing })

  return (
    <>
      <div className={styles.identity}>
        <span className={styles.glyph}>
          <Glyph shape={formatShape(form.format)} className="icon-20" />
        </span>
        <div className="column grow">
          <span className="strong cut" title={fullName(form, facts)}>
            {fullName(form, facts)}
          </span>
          <span className="secondary muted">
            {size === undefined ? facts.title : t('create.identity', { size: sizeText(size), format: facts.title })}
          </span>
        </div>
      </div>
      <p className={styles.uses} role="status">
        <Trans i18nKey="create.uses" values={sizes} components={{ figure: <span className="strong" /> }} />
      </p>
      {folder?.space && known && <Disk folder={folder} now={known.now} most={known.atMost} />}
      <Facts
        facts={[
          ...(made ? [{ label: t('create.opensInTitle'), value: t(`create.opensIn.${made}`) }] : []),
          {
            label: t('create.snapshots'),
            value: facts.capabilities.snapshots ? t('create.snapshotsInside') : t('create.snapshotsNone'),
          },
          ...(backing ? [{ label: t('create.basedOn'), value: backing.name }] : []),
        ]}
      />
      <div className={styles.push} />
      <div className={styles.commandHead}>
        <span className="grow">{t('create.command')}</span>
        {command !== undefined && (
          <CopyButton
            label={t('inspector.copyCommand')}
            doneLabel={t('error.copied')}
            onCopy={() => {
              api.copyText(command).catch(tell)
            }}
          />
        )}
      </div>
      <CodeBlock text={command ?? '–'} onSurface />
    </>
  )
}

interface DiskProps {
  readonly folder: Folder
  readonly now: number
  readonly most: number
}

/** The disk when every volume on it has grown to its size. */
function Disk({ folder, now, most }: DiskProps) {
  const { t } = useTranslation()
  const byId = useVolumes((state) => state.byId)
  if (!folder.space) return null
  const { total, free } = folder.space
  const claim = claimsByPlace(byId.values()).get(folder.id) ?? { onDisk: 0, growth: 0 }
  const others = Math.max(0, total - free - claim.onDisk)
  const over = others + claim.onDisk + claim.growth + most - total
  // Drawn to the scale of all that is promised, so that what does not fit is seen too.
  const whole = Math.max(total, total + over)
  return (
    <>
      <p className={styles.capacityTitle}>{t('create.whenFull', { folder: folder.label })}</p>
      <CapacityBar
        tall
        limit={over > 0 ? total / whole : undefined}
        parts={[
          { kind: 'other', part: others / whole },
          { kind: 'own', part: claim.onDisk / whole },
          { kind: 'promised', part: claim.growth / whole },
          { kind: 'new', part: most / whole },
        ]}
      />
      <p className={styles.capacityFigures}>
        <span className="muted">{t('create.disk', { size: sizeText(total) })}</span>
        {over > 0 && <span className="warn">{t('create.over', { size: sizeText(over) })}</span>}
      </p>
      <div className={styles.notes}>
        {now > free ? (
          <Note kind="danger">
            {t('create.needsMore', { size: sizeText(now - free), folder: folder.label, free: sizeText(free) })}
          </Note>
        ) : (
          over > 0 && <Note kind="warn">{t('create.couldOutgrow', { size: sizeText(over) })}</Note>
        )}
      </div>
    </>
  )
}
