// What an action would come to, before anything is done: bytes written and freed, and the files it touches.

import { FilePen, FileX, Layers } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ParseKeys } from 'i18next'
import type { BypassRequest, CommitRequest, RebaseRequest, Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { usePlanned } from '../../state/planned.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Figures } from '../../ui/figures.tsx'
import type { Figure } from '../../ui/figures.tsx'
import { Impacts } from '../../ui/impacts.tsx'
import type { Impact } from '../../ui/impacts.tsx'
import { Note } from '../../ui/note.tsx'
import { snapshotsOf } from './actions.ts'
import type { NodeAction, Target } from './actions.ts'
import styles from './snapshots.module.css'

interface OutcomePanelProps {
  readonly action: NodeAction
  readonly target: Target
  readonly onClose: () => void
}

const planCommit = (request: CommitRequest) => api.planCommit(request)
const planRebase = (request: RebaseRequest) => api.planRebase(request)
const planBypass = (request: BypassRequest) => api.planBypass(request)

export function OutcomePanel({ action, target, onClose }: OutcomePanelProps) {
  const { volume } = target
  if (!volume) return null
  const props = { action, target, volume, onClose }
  if (action.id === 'merge') return <Merge {...props} />
  if (action.id === 'flatten') return <Flatten {...props} />
  if (action.id === 'remove' && snapshotsOf(target.nodes).length === 0) return <RemoveFile {...props} />
  return <Simple {...props} />
}

interface PartProps extends OutcomePanelProps {
  readonly volume: Volume
}

/** What is known without asking. */
function Simple({ action, target, volume, onClose }: PartProps) {
  const { t } = useTranslation()
  const [node] = target.nodes
  const name = node?.name ?? ''
  const file = fileName(volume.name)
  const frees = target.nodes.reduce((sum, one) => sum + (one.frees ?? 0), 0)
  const count = target.nodes.length
  const isNew = action.id === 'branch'
  const size = volume.virtualSize ?? 0
  const figures: readonly Figure[] =
    action.id === 'remove'
      ? [
          { label: t('history.written'), value: sizeText(0) },
          {
            label: t('history.freed'),
            value: count > 1 ? t('history.atLeast', { size: sizeText(frees) }) : sizeText(frees),
          },
        ]
      : []
  const text: Record<string, string> = {
    take: t('history.takeText', { file }),
    apply: t('history.applyText', { file, name }),
    branch: node?.snapshot
      ? t('history.branchCopyText', { file, name, size: sizeText(size) })
      : t('history.branchText', { file }),
    remove: count > 1 ? t('history.removeSomeText', { count, file }) : t('history.removeOneText', { name, file }),
  }
  return (
    <Sheet
      action={action}
      target={target}
      onClose={onClose}
      text={text[action.id] ?? ''}
      figures={figures}
      files={[
        {
          icon: isNew ? <Layers aria-hidden="true" /> : <FilePen aria-hidden="true" />,
          text: file,
          detail: t(isNew ? 'history.onlyRead' : 'history.changedInPlace'),
        },
      ]}
    />
  )
}

function Merge({ action, target, volume, onClose }: PartProps) {
  const { t } = useTranslation()
  const request = { kind: 'commit', ...theVolume(volume), depth: 1, keepTop: false, allowOthers: false } as const
  const { plan, error } = usePlanned<CommitRequest, Awaited<ReturnType<typeof planCommit>>>(request, planCommit)
  const file = fileName(volume.name)
  const base = plan ? fileName(plan.base) : '–'
  const bytes = plan ? sizeText(plan.bytes) : '–'
  const [frees] = target.nodes.map((node) => node.frees)
  return (
    <Sheet
      action={action}
      target={target}
      onClose={onClose}
      text={t('history.mergeText', { file, base })}
      figures={[
        { label: t('history.written'), value: bytes },
        { label: t('history.freed'), value: frees === undefined ? bytes : sizeText(frees) },
      ]}
      files={[
        { icon: <FilePen aria-hidden="true" />, text: base, detail: t('history.takes', { size: bytes }) },
        { icon: <FilePen aria-hidden="true" />, text: file, detail: t('history.emptied') },
      ]}
      error={error?.message}
      blocked={
        plan && plan.others.length > 0
          ? t('history.mergeOthers', { base })
          : plan && plan.snapshots.length > 0
            ? t('history.mergeSnapshots', { file, base })
            : undefined
      }
      others={plan?.others}
    />
  )
}

function Flatten({ action, target, volume, onClose }: PartProps) {
  const { t } = useTranslation()
  const request = { kind: 'rebase', ...theVolume(volume), nameOnly: false } as const
  const { plan, error } = usePlanned<RebaseRequest, Awaited<ReturnType<typeof planRebase>>>(request, planRebase)
  const file = fileName(volume.name)
  const bytes = plan?.bytes === undefined ? '–' : sizeText(plan.bytes)
  return (
    <Sheet
      action={action}
      target={target}
      onClose={onClose}
      text={t('history.flattenText', { file })}
      figures={[
        { label: t('history.written'), value: bytes },
        { label: t('history.freed'), value: sizeText(0) },
      ]}
      files={[{ icon: <FilePen aria-hidden="true" />, text: file, detail: t('history.takes', { size: bytes }) }]}
      error={error?.message}
    />
  )
}

/** In the middle of a chain: what lies on it takes in what it needs. */
function RemoveFile({ action, target, volume, onClose }: PartProps) {
  const { t } = useTranslation()
  const request = { kind: 'bypass', ...theVolume(volume), trash: true } as const
  const { plan, error, fresh } = usePlanned<BypassRequest, Awaited<ReturnType<typeof planBypass>>>(request, planBypass)
  const file = fileName(volume.name)
  const children = plan?.children ?? []
  const written = children.reduce((sum, { bytes }) => sum + bytes, 0)
  const short = children.some(({ bytes, free }) => bytes > free)
  const keeping = children.filter(({ snapshots }) => snapshots.length > 0).map(({ path }) => path)
  const base = plan?.base
  return (
    <Sheet
      action={action}
      target={target}
      onClose={onClose}
      text={
        children.length === 0
          ? t('history.removeLeafText', { file })
          : base === undefined
            ? t('history.removeRootText', { file })
            : t('history.removeFileText', { file, base: fileName(base) })
      }
      figures={[
        { label: t('history.written'), value: plan ? t('history.atMost', { size: sizeText(written) }) : '–' },
        { label: t('history.freedLater'), value: plan ? sizeText(plan.frees) : '–' },
      ]}
      files={[
        ...children.map(({ path, bytes }) => ({
          icon: <FilePen aria-hidden="true" />,
          text: fileName(path),
          detail: t('history.takesAtMost', { size: sizeText(bytes) }),
        })),
        { icon: <FileX aria-hidden="true" />, text: file, detail: t('history.toTrash') },
      ]}
      error={error?.message}
      blocked={keeping.length > 0 ? t('history.keepsSnapshots', { file }) : short ? t('history.noRoom') : undefined}
      others={keeping}
      submit={{
        title: 'history.removeFile',
        ready: fresh && !error,
        run: () => {
          onClose()
          startJobs([request]).catch(tell)
        },
      }}
    />
  )
}

interface SheetProps extends OutcomePanelProps {
  readonly text: string
  readonly figures: readonly Figure[]
  readonly files: readonly Impact[]
  readonly error?: string | undefined
  /** Why it cannot be done. */
  readonly blocked?: string | undefined
  /** Paths of those in its way. */
  readonly others?: readonly string[] | undefined
  /** Left out, the action asks for what is still to be said. */
  readonly submit?: { readonly title: ParseKeys; readonly ready: boolean; readonly run: () => void }
}

function Sheet({ action, target, onClose, text, figures, files, error, blocked, others = [], submit }: SheetProps) {
  const { t } = useTranslation()
  const cancel = useRef<HTMLButtonElement>(null)
  const title = t(submit?.title ?? action.title)
  const problem = error ?? blocked
  const ready = problem === undefined && (submit?.ready ?? true)
  useEffect(() => cancel.current?.focus(), [])
  const body: ReactNode = problem !== undefined && (
    <Note kind="danger" role="alert">
      {problem}
    </Note>
  )
  return (
    <aside className={styles.panel} aria-label={t('history.outcome')}>
      <div className={styles.sheet}>
        <h3 className="title row">
          {t(action.title)} <Badge tone="accent">{t('history.preview')}</Badge>
        </h3>
        <p>{text}</p>
        {figures.length > 0 && <Figures figures={figures} />}
        <h4 className="medium">{t('history.files')}</h4>
        <Impacts label={t('history.files')} impacts={files} />
        {body}
        {others.length > 0 && (
          <Impacts
            label={t('chain.overlays')}
            impacts={others.map((path) => ({ icon: <Layers aria-hidden="true" />, text: path }))}
          />
        )}
      </div>
      <div className={styles.foot}>
        <Button ref={cancel} onClick={onClose}>
          {t('dialog.cancel')}
        </Button>
        <Button
          variant="primary"
          aria-disabled={ready ? undefined : true}
          title={problem}
          onClick={() => {
            if (!ready) return
            if (submit) submit.run()
            else action.run(target)
          }}
        >
          {submit ? title : t('history.goOn', { title })}
        </Button>
      </div>
    </aside>
  )
}
