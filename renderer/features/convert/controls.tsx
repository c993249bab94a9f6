// The parts both layouts share: format, folder, name, and what to do when the name is taken.

import { Folder as FolderIcon, FolderOpen } from 'lucide-react'
import { useId } from 'react'
import type { RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormatFacts } from '../../../core/model/index.ts'
import { chooseFolder, useFolders } from '../../state/folders.ts'
import { extensionOf, formatShape } from '../../state/formats.ts'
import { tell } from '../../state/notices.ts'
import { sizeText } from '../../state/text.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Select } from '../../ui/select.tsx'
import { TextField } from '../../ui/text-field.tsx'
import styles from './convert.module.css'
import { otherName } from './form.ts'
import type { ConvertForm, Row } from './form.ts'
import type { RowState } from './row-state.ts'

export interface FormProps {
  readonly form: ConvertForm
  readonly formats: readonly FormatFacts[]
  readonly facts: FormatFacts
  /** Where one begins. */
  readonly firstName: RefObject<HTMLInputElement | null>
  readonly onChange: (part: Partial<ConvertForm>) => void
  readonly onRowChange: (row: Row, part: Partial<Row>) => void
}

export function FormatSelect({ form, formats, onChange }: FormProps) {
  const { t } = useTranslation()
  return (
    <Select
      label={t('convert.format')}
      items={formats.map(({ format, title }) => ({
        value: format,
        label: title,
        icon: <Glyph shape={formatShape(format)} />,
      }))}
      // An encrypted raw disk is a LUKS volume.
      value={form.format === 'luks' ? 'raw' : form.format}
      onValueChange={(format) => onChange({ format, preset: undefined })}
    />
  )
}

export function FolderSelect({ form, onChange }: FormProps) {
  const { t } = useTranslation()
  const folders = useFolders()
  return (
    <Select
      label={t('convert.folderLabel')}
      items={folders.map((folder) => ({
        value: folder.id,
        label: folder.label,
        detail: folder.space && t('places.free', { size: sizeText(folder.space.free) }),
        icon: <FolderIcon aria-hidden="true" />,
      }))}
      value={form.folder}
      onValueChange={(folder) => onChange({ folder })}
      placeholder={t('create.chooseFolder')}
      invalid={form.folder === undefined}
      action={{
        label: t('create.chooseFolder'),
        icon: <FolderOpen aria-hidden="true" />,
        run: () => {
          chooseFolder().then((folder) => folder && onChange({ folder: folder.id }), tell)
        },
      }}
    />
  )
}

interface NameProps extends FormProps {
  readonly state: RowState
}

export function NameField({ form, facts, state, firstName, onRowChange }: NameProps) {
  const { t } = useTranslation()
  const id = useId()
  const { row, problem, exists } = state
  const text =
    problem === undefined ? (exists ? t('convert.problem.exists') : undefined) : t(`convert.problem.${problem}`)
  return (
    <div className="grow">
      <TextField
        ref={row === form.rows[0] ? firstName : undefined}
        value={row.name}
        onValueChange={(name) => onRowChange(row, { name })}
        invalid={text !== undefined}
        aria-label={t('convert.nameLabel', { name: row.source.name })}
        aria-describedby={text === undefined ? undefined : id}
        after={extensionOf(facts)}
        onFocus={(event) => event.target.select()}
      />
      {text !== undefined && (
        <p id={id} className={styles.problem}>
          {text}
        </p>
      )}
      {(exists || row.overwrite) && (
        <>
          {exists && (
            <button
              type="button"
              className={styles.way}
              onClick={() => onRowChange(row, { name: otherName(row.name.trim()) })}
            >
              {t('create.useName', { name: otherName(row.name.trim()) })}
            </button>
          )}
          <Checkbox
            label={t('create.replace')}
            checked={row.overwrite}
            onCheckedChange={(overwrite) => onRowChange(row, { overwrite })}
          />
        </>
      )}
    </div>
  )
}
