// One create option, drawn from the driver's own description of it.

import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { OptionSpec, OptionValue, SizeOption } from '../../core/model/index.ts'
import { assertNever, parseSize } from '../../core/model/index.ts'
import { sizeText } from '../state/text.ts'
import { Checkbox } from '../ui/checkbox.tsx'
import { Select } from '../ui/select.tsx'
import { TextField } from '../ui/text-field.tsx'
import styles from './forms.module.css'

interface OptionFieldProps {
  readonly option: OptionSpec
  readonly value: OptionValue
  readonly onValueChange: (value: OptionValue) => void
}

export function OptionField({ option, value, onValueChange }: OptionFieldProps) {
  const id = useId()
  if (option.kind === 'boolean') {
    return <Checkbox label={option.title} help={option.help} checked={value === true} onCheckedChange={onValueChange} />
  }
  return (
    <div>
      <label className={styles.optionLabel} htmlFor={id}>
        {option.title}
      </label>
      <OptionControl id={id} option={option} value={value} onValueChange={onValueChange} />
      <p className={styles.optionHelp} id={`${id}-help`}>
        {option.help}
      </p>
    </div>
  )
}

interface OptionControlProps extends OptionFieldProps {
  readonly id: string
}

function OptionControl({ id, option, value, onValueChange }: OptionControlProps) {
  const { title } = option
  switch (option.kind) {
    case 'boolean':
      return null
    case 'choice':
      return (
        <Select
          id={id}
          label={title}
          items={option.choices.map((choice) => ({ value: choice.value, label: choice.title }))}
          value={String(value)}
          onValueChange={onValueChange}
        />
      )
    case 'number':
      return (
        <Select
          id={id}
          label={title}
          items={option.values.map((number) => ({ value: String(number), label: String(number) }))}
          value={String(value)}
          onValueChange={(chosen) => onValueChange(Number(chosen))}
        />
      )
    case 'size':
      return option.powerOfTwo === true ? (
        <Select
          id={id}
          label={title}
          items={powers(option).map((bytes) => ({ value: String(bytes), label: sizeText(bytes) }))}
          value={String(value)}
          onValueChange={(chosen) => onValueChange(Number(chosen))}
        />
      ) : (
        <SizeText id={id} option={option} value={Number(value)} onValueChange={onValueChange} />
      )
    case 'text':
      return <TextField id={id} aria-describedby={`${id}-help`} value={String(value)} onValueChange={onValueChange} />
    default:
      return assertNever(option)
  }
}

function powers({ min, max }: SizeOption): readonly number[] {
  const sizes: number[] = []
  for (let size = min; size <= max; size *= 2) sizes.push(size)
  return sizes
}

interface SizeTextProps {
  readonly id: string
  readonly option: SizeOption
  readonly value: number
  readonly onValueChange: (value: number) => void
}

/** Keeps what is typed as it is typed; only a size within bounds goes on. */
function SizeText({ id, option, value, onValueChange }: SizeTextProps) {
  const { t } = useTranslation()
  const [text, setText] = useState(() => sizeText(value))
  const bytes = parseSize(text)
  const invalid = bytes === undefined || bytes < option.min || bytes > option.max
  return (
    <>
      <TextField
        id={id}
        invalid={invalid}
        aria-describedby={`${id}-help`}
        value={text}
        onValueChange={(typed) => {
          setText(typed)
          const size = parseSize(typed)
          if (size !== undefined && size >= option.min && size <= option.max) onValueChange(size)
        }}
      />
      {invalid && (
        <p className={styles.problem}>
          {t('forms.sizeBetween', { min: sizeText(option.min), max: sizeText(option.max) })}
        </p>
      )}
    </>
  )
}
