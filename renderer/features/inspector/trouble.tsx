// Why a volume cannot be read: what, what is safe, what to do; the rest folded away.

import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData } from '../../../core/model/index.ts'
import { api } from '../../state/api.ts'
import { errorText } from '../../state/errors.ts'
import { tell } from '../../state/notices.ts'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Fold } from '../../ui/fold.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './inspector.module.css'

interface TroubleProps {
  readonly error: ErrorData
  /** The way out of it, where there is one. */
  readonly children?: ReactNode
}

export function Trouble({ error, children }: TroubleProps) {
  const { t } = useTranslation()
  const { headline, rest, details } = errorText(error)
  return (
    <div className={styles.trouble}>
      <Note kind={error.code === 'in-use' ? 'info' : 'danger'}>
        <p className="medium">{headline}</p>
        {rest !== '' && <p className={styles.rest}>{rest}</p>}
        {children}
        <Fold
          title={t('error.details')}
          end={
            <CopyButton
              label={t('error.copyDetails')}
              doneLabel={t('error.copied')}
              onCopy={() => {
                api.copyText(`${error.message}\n${details}`).catch(tell)
              }}
            />
          }
        >
          <CodeBlock text={details} onSurface />
        </Fold>
      </Note>
    </div>
  )
}
