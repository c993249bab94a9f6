// The left side: format, name, place, base, size, allocation, and the format's own options.

import { Folder as FolderIcon, FolderOpen } from 'lucide-react'
import { useId, useMemo } from 'react'
import type { ReactNode, RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormatFacts } from '../../../core/model/index.ts'
import { chooseFolder, useFolders } from '../../state/folders.ts'
import { encryptionOptions, isEncrypted, withEncryption } from '../../forms/encrypt.ts'
import { EncryptionField } from '../../forms/encryption-field.tsx'
import type { NewPassphraseHandle, PassphraseProblem } from '../../forms/new-passphrase.tsx'
import { OptionFold } from '../../forms/option-fold.tsx'
import { PlaceSelect } from '../../forms/place-select.tsx'
import { extensionOf, formatShape } from '../../state/formats.ts'
import { tell } from '../../state/notices.ts'
import { sizeText } from '../../state/text.ts'
import { useVolumes } from '../../state/volumes.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Combobox } from '../../ui/combobox.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Select } from '../../ui/select.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { AllocationTable } from './allocation-table.tsx'
import styles from './create.module.css'
import { ALLOCATION, freeName } from './form.ts'
import type { CreateForm, Problems } from './form.ts'
import { FormatTiles } from './format-tiles.tsx'
import { SizeField } from './size-field.tsx'
import type { Predictions } from './use-predictions.ts'

interface FormFieldsProps {
  readonly form: CreateForm
  readonly formats: readonly FormatFacts[]
  readonly facts: FormatFacts
  readonly problems: Problems
  /** The engine found a file of that name. */
  readonly exists: boolean
  readonly taken: ReadonlySet<string>
  readonly predictions: Predictions
  readonly nameField: RefObject<HTMLInputElement | null>
  readonly secrets: RefObject<NewPassphraseHandle | null>
  readonly onChange: (part: Partial<CreateForm>) => void
  readonly onPassphraseProblem: (problem: PassphraseProblem | undefined) => void
}

export function FormFields(props: FormFieldsProps) {
  const { form, formats, facts, problems, predictions, onChange } = props
  const { t } = useTranslation()
  const id = useId()
  const volumes = useVolumes((state) => state.byId)
  const bases = useMemo(
    () =>
      [...volumes.values()]
        .filter((volume) => volume.error === undefined && volume.virtualSize !== undefined)
        .map((volume) => ({
          value: volume.id,
          label: volume.name,
          detail: sizeText(volume.virtualSize ?? 0),
          icon: <Glyph shape={formatShape(volume.format)} />,
        })),
    [volumes],
  )
  const baseSize = form.backing === undefined ? undefined : volumes.get(form.backing)?.virtualSize
  const setOption = (name: string, value: string | number | boolean): void =>
    onChange({ options: { ...form.options, [name]: value } })
  const allocation = facts.options.find((option) => option.name === ALLOCATION)
  const encrypted = isEncrypted(form.format, form.options)

  return (
    <>
      <FormatTiles
        formats={formats}
        value={form.format === 'luks' ? 'raw' : form.format}
        onValueChange={(format) => onChange({ format, preset: undefined })}
      />
      <div className={styles.form}>
        <Row label={t('forms.place')} htmlFor={`${id}-place`}>
          <PlaceSelect
            id={`${id}-place`}
            formats={formats}
            value={form.preset}
            onValueChange={(settled) =>
              onChange(
                settled
                  ? { preset: settled.preset, format: settled.format, options: settled.options }
                  : { preset: undefined },
              )
            }
          />
        </Row>
        <NameField {...props} id={`${id}-name`} />
        <FolderField {...props} id={`${id}-folder`} />
        {facts.capabilities.backing && (
          <Row label={t('create.basedOn')} htmlFor={`${id}-base`}>
            <Combobox
              id={`${id}-base`}
              items={bases}
              value={form.backing}
              onValueChange={(backing) => onChange({ backing, size: backing === undefined ? sizeOr(form) : '' })}
              placeholder={t('create.noBase')}
              clearLabel={t('create.clearBase')}
              emptyText={t('create.noSuchBase')}
            />
          </Row>
        )}
        <Row
          label={t('create.size')}
          htmlFor={`${id}-size`}
          problem={problems.size && { id: `${id}-size-problem`, text: t(`create.problem.${problems.size}`) }}
        >
          <SizeField
            id={`${id}-size`}
            value={form.size}
            onValueChange={(size) => onChange({ size })}
            placeholder={baseSize === undefined ? '' : sizeText(baseSize)}
            problemId={problems.size && `${id}-size-problem`}
            fallback={baseSize}
          />
        </Row>
        {allocation?.kind === 'choice' && (
          <Row label={allocation.title}>
            <AllocationTable
              option={allocation}
              value={String(form.options[ALLOCATION] ?? allocation.default)}
              predictions={predictions}
              onValueChange={(value) => setOption(ALLOCATION, value)}
            />
          </Row>
        )}
        <Row label={t('lock.encryption')}>
          <EncryptionField
            facts={facts}
            encrypted={encrypted}
            handle={props.secrets}
            onEncryptedChange={(now) => onChange(withEncryption(form, facts, now))}
            onProblem={props.onPassphraseProblem}
          />
        </Row>
      </div>
      <div className={styles.rule} />
      <OptionFold
        facts={facts}
        without={[ALLOCATION, ...encryptionOptions(facts.options, encrypted)]}
        values={form.options}
        onValueChange={setOption}
      />
    </>
  )
}

/** Without a base the size must stand by itself again. */
function sizeOr({ size }: CreateForm): string {
  return size === '' ? '20 GiB' : size
}

function NameField({ id, form, facts, problems, exists, taken, nameField, onChange }: FormFieldsProps & RowId) {
  const { t } = useTranslation()
  const isTaken = exists || problems.name === 'nameTaken'
  const problem = isTaken ? 'nameTaken' : problems.name
  const stem = form.name.trim()
  const other = freeName(stem, extensionOf(facts), taken, 2)
  return (
    <Row
      label={t('create.name')}
      htmlFor={id}
      problem={problem && { id: `${id}-problem`, text: t(`create.problem.${problem}`) }}
      way={
        isTaken && (
          <>
            <button type="button" className={styles.way} onClick={() => onChange({ name: other })}>
              {t('create.useName', { name: other })}
            </button>
            <Checkbox
              label={t('create.replace')}
              checked={form.overwrite}
              onCheckedChange={(overwrite) => onChange({ overwrite })}
            />
          </>
        )
      }
    >
      <TextField
        id={id}
        ref={nameField}
        value={form.name}
        onValueChange={(name) => onChange({ name })}
        invalid={problem !== undefined}
        aria-describedby={problem && `${id}-problem`}
        after={extensionOf(facts)}
        onFocus={(event) => event.target.select()}
      />
    </Row>
  )
}

function FolderField({ id, form, problems, onChange }: FormFieldsProps & RowId) {
  const { t } = useTranslation()
  const folders = useFolders()
  return (
    <Row
      label={t('create.where')}
      htmlFor={id}
      problem={problems.folder && { id: `${id}-problem`, text: t(`create.problem.${problems.folder}`) }}
    >
      <Select
        id={id}
        label={t('create.where')}
        items={folders.map((folder) => ({
          value: folder.id,
          label: folder.label,
          detail: folder.space && t('places.free', { size: sizeText(folder.space.free) }),
          icon: <FolderIcon aria-hidden="true" />,
        }))}
        value={form.folder}
        onValueChange={(folder) => onChange({ folder })}
        placeholder={t('create.chooseFolder')}
        invalid={problems.folder !== undefined}
        action={{
          label: t('create.chooseFolder'),
          icon: <FolderOpen aria-hidden="true" />,
          run: () => {
            chooseFolder().then((folder) => folder && onChange({ folder: folder.id }), tell)
          },
        }}
      />
    </Row>
  )
}

interface RowId {
  readonly id: string
}

interface RowProps {
  readonly label: string
  readonly htmlFor?: string
  readonly problem?: { readonly id: string; readonly text: string } | undefined
  /** What helps out of the problem. */
  readonly way?: ReactNode
  readonly children: ReactNode
}

function Row({ label, htmlFor, problem, way, children }: RowProps) {
  return (
    <>
      {htmlFor === undefined ? (
        <span className={styles.label}>{label}</span>
      ) : (
        <label className={styles.label} htmlFor={htmlFor}>
          {label}
        </label>
      )}
      <div>
        {children}
        {problem && (
          <p id={problem.id} className={styles.problem}>
            {problem.text}
          </p>
        )}
        {way}
      </div>
    </>
  )
}
