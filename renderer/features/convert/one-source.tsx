// One volume: from this card to that one, and what changes on the way.

import { ArrowRight, Camera } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import { formatShape } from '../../state/formats.ts'
import { unlockAndReturn } from '../../state/locks.ts'
import { sizeText } from '../../state/text.ts'
import { Bar } from '../../ui/bar.tsx'
import { Button } from '../../ui/button.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Note } from '../../ui/note.tsx'
import { Changes } from './changes.tsx'
import { FolderSelect, FormatSelect, NameField } from './controls.tsx'
import type { FormProps } from './controls.tsx'
import styles from './convert.module.css'
import type { RowState } from './row-state.ts'

interface OneSourceProps extends FormProps {
  readonly state: RowState
}

export function OneSource(props: OneSourceProps) {
  const { t } = useTranslation()
  const { source } = props.state.row
  const { snapshot } = props.form
  const { plan, error } = props.state
  const size = plan?.virtualSize ?? source.virtualSize
  return (
    <>
      <div className={styles.cards}>
        <section className={styles.card} aria-label={t('convert.from')}>
          <h3 className={styles.cardTitle}>{t('convert.from')}</h3>
          <div className={styles.identity}>
            <span className={styles.glyph}>
              <Glyph shape={formatShape(source.format)} className="icon-20" />
            </span>
            <div className="column grow">
              <span className={styles.sourceName} title={source.name}>
                {source.name}
              </span>
              <span className="secondary muted">{(plan?.sourceFormat ?? source.format)?.toUpperCase()}</span>
            </div>
          </div>
          {snapshot && (
            <p className={styles.snapshot}>
              <Camera className="icon-14" aria-hidden="true" />
              <span className="cut" title={snapshot.name}>
                {t('convert.asOf', { name: snapshot.name })}
              </span>
            </p>
          )}
          <Bar kind="space" part={size ? source.allocatedSize / size : 0} className={styles.bar} />
          <p className="secondary">
            <span>{sizeText(source.allocatedSize)}</span>{' '}
            {size !== undefined && <span className="muted">{t('inspector.onDiskOf', { size: sizeText(size) })}</span>}
          </p>
        </section>
        <ArrowRight className={styles.arrow} aria-hidden="true" />
        <section className={styles.target} aria-label={t('convert.to')}>
          <h3 className={styles.cardTitle}>{t('convert.to')}</h3>
          <div className={styles.name}>
            <div className={styles.format}>
              <FormatSelect {...props} />
            </div>
            <NameField {...props} />
          </div>
          <FolderSelect {...props} />
          <Bar kind="space" part={plan && size ? plan.writes / size : 0} className={styles.bar} />
          <p className="secondary">
            <span className="strong">{plan ? about(plan.writes, plan.exact, t) : '–'}</span>{' '}
            {size !== undefined && <span className="muted">{t('inspector.onDiskOf', { size: sizeText(size) })}</span>}
          </p>
        </section>
      </div>
      {error ? (
        <div className={styles.error}>
          <Note kind="danger" role="alert">
            <div className="row">
              <span className="grow">{error.message}</span>
              {error.code === 'locked' && (
                <Button size="small" onClick={() => unlockAndReturn(source)}>
                  {t('lock.unlockIt')}
                </Button>
              )}
            </div>
          </Note>
        </div>
      ) : (
        <Changes changes={plan?.changes} snapshot={snapshot} />
      )}
    </>
  )
}

export function about(bytes: number, exact: boolean, t: TFunction): string {
  return exact ? sizeText(bytes) : t('convert.about', { size: sizeText(bytes) })
}
