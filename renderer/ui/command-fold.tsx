// The same as a command, folded away, and a button that copies it.

import { CodeBlock, CopyButton } from './code-block.tsx'
import { Fold } from './fold.tsx'

interface CommandFoldProps {
  readonly title: string
  readonly text: string
  readonly copyLabel: string
  readonly doneLabel: string
  readonly onCopy: () => void
}

export function CommandFold({ title, text, copyLabel, doneLabel, onCopy }: CommandFoldProps) {
  return (
    <Fold title={title} end={<CopyButton label={copyLabel} doneLabel={doneLabel} onCopy={onCopy} />}>
      <CodeBlock text={text === '' ? '–' : text} />
    </Fold>
  )
}
