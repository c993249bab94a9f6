// One bar and one field for a larger or smaller disk, and what either means.

import { ShieldCheck } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DiskContents, FormatFacts, Preallocation } from '../../../core/model/index.ts'
import { GiB } from '../../../core/model/index.ts'
import type { ResizeRequest, Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { drawnParts, useContents } from '../../state/contents.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { usePlanned } from '../../state/planned.ts'
import { commandText } from '../../state/shell-words.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { useSettings } from '../../state/settings.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { CommandFold } from '../../ui/command-fold.tsx'
import { Figures } from '../../ui/figures.tsx'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { Growing } from './growing.tsx'
import styles from './resize.module.css'
import { Shrinking } from './shrinking.tsx'
import { SizeBar } from './size-bar.tsx'
import { roomFor, safeMinimum, sizeProblem, typedSize } from './sizes.ts'

interface ResizeDialogProps {
  readonly volume: Volume
  readonly now: number
  readonly facts: FormatFacts
}

const plan = (request: ResizeRequest) => api.planResize(request)

export function ResizeDialog({ volume, now, facts }: ResizeDialogProps) {
  const { t } = useTranslation()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const name = fileName(volume.name)
  const [text, setText] = useState(sizeText(now))
  const [preallocation, setPreallocation] = useState<Preallocation>('off')
  const [keepUndo, setKeepUndo] = useState(useSettings((state) => state.settings.keepUndo))
  const [moveGpt, setMoveGpt] = useState(true)
  const { value: contents, error: unknown } = useContents(volume)
  const hasGpt = hasWholeGpt(contents)
  const [typedName, setTypedName] = useState('')
  // "40 GiB" may stand for a size that is not quite that.
  const size = text === sizeText(now) ? now : typedSize(text)
  const shrinks = size !== undefined && size < now
  const minimum = contents?.smallestSize
  const gptFits = minimum === undefined || (size ?? now) >= minimum
  const request: ResizeRequest = {
    kind: 'resize',
    ...theVolume(volume),
    virtualSize: size ?? now,
    shrink: shrinks,
    preallocation: shrinks ? 'off' : preallocation,
    ...(hasGpt && gptFits && moveGpt && { moveGpt }),
    ...(shrinks && keepUndo && { keepUndo }),
  }
  const { plan: planned, error, fresh } = usePlanned(request, plan)
  const lost = shrinks && planned ? planned.lostBytes : 0
  const cut = shrinks && planned ? planned.cutPartitions : []
  const destroys = lost > 0 || cut.length > 0
  const least = planned && safeMinimum(minimum ?? planned.dataEnd)
  const problem = sizeProblem(size, now)
  const grown = Math.max(0, (size ?? now) - now)
  const reserves = preallocation === 'falloc' || preallocation === 'full'

  function reason(): string | undefined {
    if (problem !== undefined) return t(`resize.problem.${problem}`)
    if (error) return t('resize.refused')
    if (!fresh || (!contents && !unknown)) return t('resize.looking')
    return destroys && typedName.trim() !== name ? t('resize.typeFirst') : undefined
  }

  function start(): void {
    closeDialog()
    const { keepUndo: _, ...rest } = request
    startJobs([planned?.undoable === true ? request : rest]).catch(tell)
  }

  const target = size === undefined ? '–' : sizeText(size)
  const command = planned ? commandText(planned.command) : ''
  return (
    <FormDialog
      title={t('resize.title', { name })}
      width="medium"
      labels={dialogLabels()}
      danger={destroys}
      submit={
        lost > 0
          ? t('resize.shrinkLosing', { size: sizeText(lost) })
          : cut.length > 0
            ? t('resize.shrinkCutting')
            : shrinks
              ? t('resize.shrink', { size: target })
              : t('resize.grow', { size: target })
      }
      reason={reason()}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {shrinks ? t('resize.shrinkPromise') : t('resize.growPromise')}
        </>
      }
      initialFocus={field}
      onClose={closeDialog}
      onSubmit={start}
    >
      <div className={styles.line1}>
        <label className="muted" htmlFor={id}>
          {t('resize.size')}
        </label>
        <TextField
          id={id}
          ref={field}
          className={styles.size}
          value={text}
          onValueChange={setText}
          invalid={problem === 'sizeInvalid'}
          onFocus={(event) => event.target.select()}
        />
        <span className={shrinks ? styles.less : styles.more} role="status">
          {size !== undefined &&
            size !== now &&
            t(shrinks ? 'resize.less' : 'resize.more', { size: sizeText(Math.abs(size - now)) })}
        </span>
        <span className="grow" />
        {least !== undefined && least < now && (
          <Button size="small" onClick={() => setText(sizeUp(least))}>
            {t('resize.safeMinimum')}
          </Button>
        )}
        {[10, 20].map((count) => (
          <Button key={count} size="small" onClick={() => setText(sizeText((size ?? now) + count * GiB))}>
            {t('resize.more', { size: sizeText(count * GiB) })}
          </Button>
        ))}
        <Button size="small" onClick={() => setText(sizeText(now * 2))}>
          {t('resize.double')}
        </Button>
      </div>
      <SizeBar
        now={now}
        size={size ?? now}
        room={roomFor(now, size ?? now)}
        dataEnd={planned?.dataEnd}
        minimum={minimum}
        parts={contents ? drawnParts(contents) : []}
        onSizeChange={(bytes) => setText(sizeText(bytes))}
      />
      <Figures
        figures={[
          { label: t('resize.onDiskNow'), value: sizeText(volume.allocatedSize) },
          {
            label: t('resize.onDiskAfter'),
            value:
              lost > 0
                ? t('convert.about', { size: sizeText(Math.max(0, volume.allocatedSize - lost)) })
                : sizeText(volume.allocatedSize + (reserves ? grown : 0)),
          },
          { label: t('resize.atMost'), value: target },
        ]}
      />
      {error && (
        <Block>
          <Note kind="danger" role="alert">
            {error.message}
          </Note>
        </Block>
      )}
      {hasGpt && (
        <Block>
          <Checkbox
            label={t('resize.moveGpt')}
            help={gptFits ? t('resize.moveGptHelp') : t('resize.moveGptNot', { size: sizeText(minimum ?? 0) })}
            checked={moveGpt && gptFits}
            disabled={!gptFits}
            onCheckedChange={setMoveGpt}
          />
        </Block>
      )}
      {shrinks ? (
        <Shrinking
          volume={volume}
          lost={lost}
          cut={cut}
          undoable={planned?.undoable ?? true}
          keepUndo={keepUndo}
          typedName={typedName}
          onKeepUndo={setKeepUndo}
          onTypedName={setTypedName}
        />
      ) : (
        <Growing facts={facts} contents={contents} preallocation={preallocation} onPreallocation={setPreallocation} />
      )}
      <Block>
        <CommandFold
          title={t('convert.command')}
          text={command}
          copyLabel={t('inspector.copyCommand')}
          doneLabel={t('error.copied')}
          onCopy={() => {
            api.copyText(command).catch(tell)
          }}
        />
      </Block>
    </FormDialog>
  )
}

/** Whether one of its copies holds, from which the other can be made. */
function hasWholeGpt(contents: DiskContents | undefined): boolean {
  return contents?.gpt !== undefined && (contents.gpt.primary === 'good' || contents.gpt.backup !== 'damaged')
}

/** As text, but never below: three digits alone could cut a little off. */
function sizeUp(bytes: number): string {
  return typedSize(sizeText(bytes)) === bytes ? sizeText(bytes) : `${Math.ceil(bytes / 1024 ** 2)} MiB`
}
