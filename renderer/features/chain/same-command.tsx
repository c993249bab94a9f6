// The plan of a dialog as a command to copy.

import { useTranslation } from 'react-i18next'
import { api } from '../../state/api.ts'
import { tell } from '../../state/notices.ts'
import { commandText } from '../../state/shell-words.ts'
import { CommandFold } from '../../ui/command-fold.tsx'
import { Block } from '../../ui/form-dialog.tsx'

export function SameCommand({ words }: { readonly words: readonly string[] }) {
  const { t } = useTranslation()
  const text = commandText(words)
  return (
    <Block>
      <CommandFold
        title={t('convert.command')}
        text={text}
        copyLabel={t('inspector.copyCommand')}
        doneLabel={t('error.copied')}
        onCopy={() => {
          api.copyText(text).catch(tell)
        }}
      />
    </Block>
  )
}
