// What was deleted: where it came from, since when, and how much room it still takes.

import { ArchiveRestore, Trash, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Trashed } from '../../../electron/contract/data.ts'
import { openDialog } from '../../state/dialogs.ts'
import { formatShape } from '../../state/formats.ts'
import { useSettings } from '../../state/settings.ts'
import { countText, dateText, fullDateText, sizeText } from '../../state/text.ts'
import { putBack, useTrash } from '../../state/trash.ts'
import { fileName } from '../../state/volumes.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './trash.module.css'

const DAY = 24 * 60 * 60 * 1000
/** More are shown when asked for: the trash is no library. */
const AT_ONCE = 200

export function TrashList() {
  const { t } = useTranslation()
  const items = useTrash((state) => state.items)
  const days = useSettings((state) => state.settings.trashDays)
  const [opened] = useState(() => Date.now())
  const [shown, setShown] = useState(AT_ONCE)
  if (items.length === 0) {
    return (
      <div className={styles.empty}>
        <Trash2 className="icon-32" aria-hidden="true" />
        <p>{t('trash.none')}</p>
      </div>
    )
  }
  const old = items.filter(({ trashedAt }) => opened - trashedAt > days * DAY)
  const size = items.reduce((sum, { allocatedSize }) => sum + allocatedSize, 0)
  return (
    <>
      <div className={styles.bar}>
        <span className="muted cut grow" role="status">
          {t('trash.count', { count: items.length, size: sizeText(size) })}
        </span>
        <Button
          size="small"
          icon={<Trash aria-hidden="true" />}
          onClick={() => openDialog({ kind: 'empty-trash', items })}
        >
          {t('trash.empty')}
        </Button>
      </div>
      {old.length > 0 && (
        <div className={styles.note}>
          <Note kind="info">
            <div className="row">
              <span className="grow">{t('trash.old', { count: old.length, days: countText(days) })}</span>
              <Button size="small" onClick={() => openDialog({ kind: 'empty-trash', items: old })}>
                {t('trash.deleteOld', { count: old.length })}
              </Button>
            </div>
          </Note>
        </div>
      )}
      <div className={styles.scroller}>
        <table className={styles.table} aria-label={t('shell.trash')}>
          <thead>
            <tr>
              <th scope="col">{t('library.name')}</th>
              <th scope="col">{t('library.format')}</th>
              <th scope="col">{t('trash.from')}</th>
              <th scope="col" className="number">
                {t('library.onDisk')}
              </th>
              <th scope="col" className="number">
                {t('trash.when')}
              </th>
              <th scope="col">
                <span className="visually-hidden">{t('trash.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.slice(0, shown).map((item) => (
              <Row key={item.id} item={item} />
            ))}
          </tbody>
        </table>
        {items.length > shown && (
          <Button variant="ghost" onClick={() => setShown(shown + AT_ONCE)}>
            {t('trash.more', { count: items.length - shown })}
          </Button>
        )}
      </div>
    </>
  )
}

function Row({ item }: { readonly item: Trashed }) {
  const { t } = useTranslation()
  const name = fileName(item.from)
  return (
    <tr>
      <td>
        <span className={styles.name} title={name}>
          <Glyph shape={formatShape(item.format)} className="muted" />
          <span className="cut">{name}</span>
        </span>
      </td>
      <td>{item.format && <Badge>{item.format.toUpperCase()}</Badge>}</td>
      <td className="muted" title={item.from}>
        <span className="cut">{item.from.slice(0, -name.length - 1)}</span>
      </td>
      <td className="number">{sizeText(item.allocatedSize)}</td>
      <td className="number muted" title={fullDateText(item.trashedAt)}>
        {dateText(item.trashedAt)}
      </td>
      <td className={styles.actions}>
        <Button
          size="small"
          icon={<ArchiveRestore aria-hidden="true" />}
          aria-label={t('trash.restoreNamed', { name })}
          onClick={() => putBack([item.id])}
        >
          {t('trash.restore')}
        </Button>
        <IconButton
          size="small"
          label={t('trash.deleteNamed', { name })}
          icon={<Trash />}
          onClick={() => openDialog({ kind: 'empty-trash', items: [item] })}
        />
      </td>
    </tr>
  )
}
