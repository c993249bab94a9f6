// One volume at a glance: what its bytes are, its file and chain, its options as they are, and the same for other programs.

import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { FILE_SYSTEM_TITLES } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import type { CommandId } from '../../commands/commands.ts'
import { useCommand } from '../../commands/use-command.ts'
import { Allocation } from '../../forms/allocation.tsx'
import { chainFacts, fileFacts, formatFacts } from '../../forms/image-facts.tsx'
import { useAllocation } from '../../forms/use-allocation.ts'
import { api } from '../../state/api.ts'
import { partitionName, shownPartitions, useContents } from '../../state/contents.ts'
import { equivalentsOf } from '../../state/equivalents.ts'
import { errorText } from '../../state/errors.ts'
import { factsOf, useFormats } from '../../state/formats.ts'
import { useInspection } from '../../state/inspection.ts'
import { tell } from '../../state/notices.ts'
import { sizeText } from '../../state/text.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Facts } from '../../ui/facts.tsx'
import type { Fact } from '../../ui/facts.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './overview.module.css'

export function OverviewTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const { value: chain, error } = useInspection(volume)
  const allocation = useAllocation(volume)
  const [image] = chain ?? []
  const facts = useFormats((state) => factsOf(state.formats, image?.format))
  const trouble = error ?? image?.unreadable ?? chain?.at(-1)?.unreadable
  const holds = useHolds(volume)
  return (
    // Whoever uses the keyboard scrolls it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.body} aria-label={t('volume.overview')} tabIndex={0}>
      {trouble && (
        <div className={styles.problem}>
          <Note kind="danger" role="alert">
            <span className="medium">{errorText(trouble).headline}</span> {errorText(trouble).rest}
          </Note>
        </div>
      )}
      {image?.details.warnings?.map((warning) => (
        <div key={warning} className={styles.problem}>
          <Note kind="warn">{warning}</Note>
        </div>
      ))}
      <Allocation volume={volume} strip={allocation} failed={trouble !== undefined && allocation === undefined} />
      <div className={styles.columns}>
        <div>
          <Section title={t('overview.volume')}>
            <Action id="volume.resize" />
          </Section>
          <Facts
            facts={[
              { label: t('overview.format'), value: facts?.title ?? volume.format?.toUpperCase() ?? '–' },
              {
                label: t('overview.size'),
                value: image
                  ? t('overview.bytes', { size: sizeText(image.virtualSize), bytes: image.virtualSize })
                  : '–',
              },
              ...holds,
              ...(chain ? chainFacts(chain, facts?.capabilities.snapshots ?? false) : []),
            ]}
          />
        </div>
        <div>
          <Section title={t('overview.options')}>
            <Action id="volume.bitmaps" />
            <Action id="volume.amend" />
          </Section>
          <Facts facts={image ? formatFacts(image) : []} />
          <Section title={t('inspector.file')} />
          <Facts facts={fileFacts(volume)} />
        </div>
      </div>
      {image && (
        <>
          <Section title={t('overview.elsewhere')} />
          <div className={styles.equivalents}>
            {equivalentsOf(image.path, image.format).map(({ id, text }) => (
              <div key={id} className={styles.code}>
                <div className={styles.label}>
                  <span className="muted grow">{t(`overview.equivalent.${id}`)}</span>
                  <CopyButton
                    label={t('overview.copy', { what: t(`overview.equivalent.${id}`) })}
                    doneLabel={t('error.copied')}
                    onCopy={() => {
                      api.copyText(text).catch(tell)
                    }}
                  />
                </div>
                <CodeBlock text={text} />
              </div>
            ))}
          </div>
        </>
      )}
    </section>
  )
}

function Section({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={styles.section}>
      <h3 className="grow">{title}</h3>
      {children}
    </div>
  )
}

function Action({ id }: { readonly id: CommandId }) {
  const { title, reason, run } = useCommand(id)
  return (
    <Button
      size="small"
      title={reason}
      aria-disabled={reason === undefined ? undefined : true}
      onClick={() => {
        if (reason === undefined) run()
      }}
    >
      {title}
    </Button>
  )
}

/** In a line what the Contents tab tells at length. */
function useHolds(volume: Volume): readonly Fact[] {
  const { t } = useTranslation()
  const { value: contents } = useContents(volume)
  if (!contents || contents.unreadable) return []
  const { scheme, fileSystem } = contents
  const parts = shownPartitions(contents).map(partitionName)
  const shown = [
    ...(scheme === 'none' ? [] : [t(`contents.scheme.${scheme}`)]),
    ...parts.slice(0, MOST_NAMED),
    ...(parts.length > MOST_NAMED ? [t('overview.morePartitions', { count: parts.length - MOST_NAMED })] : []),
    ...(fileSystem ? [[FILE_SYSTEM_TITLES[fileSystem.kind], fileSystem.label].filter(Boolean).join(', ')] : []),
  ]
  return [{ label: t('volume.contents'), value: shown.length === 0 ? t('overview.unknown') : shown.join(' · ') }]
}

const MOST_NAMED = 4
