// Several volumes: one row each, with its own name, size and trouble.

import { ArrowRight, CircleExclamationPoint, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { formatShape } from '../../state/formats.ts'
import { sizeText } from '../../state/text.ts'
import { IconButton } from '../../ui/button.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { FolderSelect, FormatSelect, NameField } from './controls.tsx'
import type { FormProps } from './controls.tsx'
import styles from './convert.module.css'
import { about } from './one-source.tsx'
import type { RowState } from './row-state.ts'

interface ManySourcesProps extends FormProps {
  readonly states: readonly RowState[]
}

export function ManySources(props: ManySourcesProps) {
  const { t } = useTranslation()
  const { form, states, onChange } = props
  return (
    <>
      <div className={styles.common}>
        <span className="muted">{t('convert.to')}</span>
        <div className={styles.format}>
          <FormatSelect {...props} />
        </div>
        <span className="muted">{t('convert.in')}</span>
        <div className="grow">
          <FolderSelect {...props} />
        </div>
      </div>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('convert.from')}</th>
            <th scope="col" className="number">
              {t('library.onDisk')}
            </th>
            <th aria-hidden="true" />
            <th scope="col">{t('convert.to')}</th>
            <th scope="col" className="number">
              {t('convert.writes')}
            </th>
            <th scope="col">
              <span className="visually-hidden">{t('convert.remove')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {states.map((state) => (
            <SourceRow key={state.row.source.id} {...props} state={state} />
          ))}
          {form.refused.map((refused, index) => (
            // Two refused files can have one name; they are never moved about.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={`${index} ${refused.name}`}>
              <td colSpan={5}>
                <div className={styles.refused}>
                  <CircleExclamationPoint className="danger" aria-hidden="true" />
                  <div className="grow">
                    <div className="cut" title={refused.name}>
                      {refused.name}
                    </div>
                    <p className={styles.problem}>{refused.error.message}</p>
                  </div>
                </div>
              </td>
              <td>
                <IconButton
                  size="small"
                  label={t('convert.removeNamed', { name: refused.name })}
                  icon={<X />}
                  onClick={() => onChange({ refused: form.refused.filter((one) => one !== refused) })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function SourceRow({ state, ...props }: FormProps & { readonly state: RowState }) {
  const { t } = useTranslation()
  const { row, plan, error } = state
  const { source } = row
  return (
    <tr>
      <td className={styles.sourceCell}>
        <div className="row">
          <Glyph shape={formatShape(source.format)} />
          <span className="cut" title={source.name}>
            {source.name}
          </span>
        </div>
        {error && <p className={styles.problem}>{error.message}</p>}
      </td>
      <td className="number">{sizeText(source.allocatedSize)}</td>
      <td>
        <ArrowRight className="muted icon-14" aria-hidden="true" />
      </td>
      <td className={styles.targetCell}>
        <NameField {...props} state={state} />
      </td>
      <td className="number">{plan ? about(plan.writes, plan.exact, t) : '–'}</td>
      <td>
        <IconButton
          size="small"
          label={t('convert.removeNamed', { name: source.name })}
          icon={<X />}
          onClick={() => props.onChange({ rows: props.form.rows.filter((one) => one !== row) })}
        />
      </td>
    </tr>
  )
}
