// A command or details in fixed type, and the button that copies them.

import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { IconButton } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './code-block.module.css'

const SHOWN_MS = 1500

interface CopyButtonProps {
  readonly label: string
  readonly doneLabel: string
  readonly onCopy: () => void
}

/** Shows for a moment that it has copied. */
export function CopyButton({ label, doneLabel, onCopy }: CopyButtonProps) {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return undefined
    const timer = setTimeout(() => setDone(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [done])
  return (
    <>
      <IconButton
        size="small"
        label={label}
        icon={done ? <Check /> : <Copy />}
        onClick={() => {
          onCopy()
          setDone(true)
        }}
      />
      <span role="status" className="visually-hidden">
        {done ? doneLabel : ''}
      </span>
    </>
  )
}

interface CodeBlockProps {
  readonly text: string
  readonly onSurface?: boolean
}

export function CodeBlock({ text, onSurface = false }: CodeBlockProps) {
  return <div className={classNames(styles.code, onSurface && styles.onSurface)}>{text}</div>
}
