// The window's screens, each as an address of the preview and what is done there; one list for tests and for looking at.

import type { Page } from 'playwright-core'

export interface Scene {
  readonly name: string
  /** After the question mark. */
  readonly query: string
  readonly size?: { readonly width: number; readonly height: number }
  readonly act?: (page: Page) => Promise<void>
}

export const NARROW = { width: 960, height: 600 }
export const WIDE = { width: 1600, height: 1000 }

export const SCENES: readonly Scene[] = [
  { name: 'library', query: 'volumes=40&jobs', act: (page) => choose(page, 'debian12.qcow2') },
  { name: 'library-narrow', query: 'volumes=40&jobs', size: NARROW, act: (page) => choose(page, 'debian12.qcow2') },
  { name: 'library-wide', query: 'volumes=10000&jobs', size: WIDE, act: (page) => choose(page, 'arch-22.qcow2') },
  { name: 'library-compact', query: 'volumes=40&density=compact', act: (page) => choose(page, 'ad-dc01.qcow2') },
  { name: 'library-one', query: 'volumes=1' },
  {
    name: 'delete-needed',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'debian12-2026-09.qcow2')
      await page.keyboard.press('Delete')
      await page.getByRole('alertdialog').waitFor()
    },
  },
  {
    name: 'trash',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'nfs-export.raw')
      await page.keyboard.press('Delete')
      await page.getByRole('status').getByText('was deleted').waitFor()
      await page.getByRole('button', { name: /^Trash/ }).click()
      await page.getByRole('button', { name: 'Put back nfs-export.raw' }).waitFor()
    },
  },
  {
    name: 'rename',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'nfs-export.raw')
      await page.keyboard.press('F2')
      await page.getByRole('textbox', { name: /^New name/ }).waitFor()
    },
  },
  {
    name: 'move',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'nfs-export.raw')
      await page.keyboard.press('Shift+F10')
      await page.getByRole('menuitem', { name: 'Move…' }).click()
      await page.getByRole('dialog').getByText('To be copied').waitFor()
    },
  },
  {
    name: 'locate',
    query: 'volumes=40&files=debian12-old.qcow2',
    act: async (page) => {
      await choose(page, 'web1-staging.qcow2')
      await page.keyboard.press('Shift+F10')
      await page.getByRole('menuitem', { name: 'Locate base…' }).click()
      await page.getByRole('button', { name: 'Choose file…' }).click()
      await page.getByText('Nothing says').waitFor()
    },
  },
  { name: 'library-empty', query: 'volumes=0&bare' },
  { name: 'library-scanning', query: 'volumes=0&bare&scanning' },
  {
    name: 'map-zoomed',
    query: 'volumes=40',
    act: async (page) => {
      await openMap(page)
      for (let step = 0; step < 3; step++) await page.keyboard.press('+')
      await page.getByRole('slider', { name: /^Map of the disk/ }).focus()
      for (let step = 0; step < 5; step++) await page.keyboard.press(']')
      await page.getByText('In the file').waitFor()
    },
  },
  { name: 'map-narrow', query: 'volumes=40', size: NARROW, act: openMap },
  {
    name: 'map-file',
    query: 'volumes=40',
    size: WIDE,
    act: async (page) => {
      await openMap(page)
      await page.getByRole('button', { name: 'File', exact: true }).click()
      await page.getByText(/of the file$/).waitFor()
    },
  },
  {
    name: 'map-table',
    query: 'volumes=40',
    act: async (page) => {
      await openMap(page)
      await page.keyboard.press('t')
      await page.getByRole('gridcell', { name: '0x0', exact: true }).waitFor()
    },
  },
  {
    name: 'no-match',
    query: 'volumes=40',
    act: async (page) => {
      await page.keyboard.press('Control+f')
      await page.keyboard.type('deb format:raw')
    },
  },
  {
    name: 'trouble',
    query: 'volumes=40',
    act: async (page) => {
      await page.getByRole('button', { name: /^Needs attention/ }).click()
      await choose(page, /^fedora-41-workstation/)
      await page.getByRole('button', { name: 'Details', exact: true }).click()
    },
  },
  {
    name: 'several-selected',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('Shift+ArrowDown')
      await page.keyboard.press('Shift+ArrowDown')
    },
  },
  { name: 'main-menu', query: 'volumes=40', act: (page) => page.keyboard.press('F10') },
  {
    name: 'row-menu',
    query: 'volumes=40',
    act: (page) => page.getByRole('gridcell', { name: 'build-cache.raw' }).click({ button: 'right' }),
  },
  {
    name: 'jobs',
    query: 'volumes=40&jobs',
    act: async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('Control+j')
      await page.getByRole('region', { name: 'Jobs', exact: true }).getByText('left').waitFor()
    },
  },
  { name: 'settings', query: 'volumes=40', act: (page) => page.keyboard.press('Control+,') },
  { name: 'shortcuts', query: 'volumes=40', act: (page) => page.keyboard.press('F1') },
  {
    name: 'activity',
    query: 'volumes=40&jobs',
    act: async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('Alt+6')
      await page.getByRole('table').waitFor()
    },
  },
  { name: 'jobs-page', query: 'volumes=40&jobs', act: (page) => page.keyboard.press('Control+Shift+j') },
  { name: 'jobs-narrow', query: 'volumes=40&jobs', size: NARROW, act: (page) => page.keyboard.press('Control+j') },
  { name: 'locked', query: 'volumes=40', act: (page) => choose(page, 'mail-relay.qcow2') },
  {
    name: 'unlock',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'mail-relay.qcow2')
      await page.getByRole('button', { name: 'Unlock…' }).click()
      await page.getByLabel('Passphrase', { exact: true }).fill('guess')
      await page.getByRole('button', { name: 'Unlock', exact: true }).click()
      await page.getByText('Wrong passphrase.').waitFor()
    },
  },
  { name: 'keys', query: 'volumes=40', act: openKeys },
  { name: 'keys-narrow', query: 'volumes=40', size: NARROW, act: openKeys },
  {
    name: 'key-add',
    query: 'volumes=40',
    act: async (page) => {
      await openKeys(page)
      await page.getByRole('button', { name: 'Add passphrase…' }).click()
      await page.getByLabel('New passphrase').fill('rainy tuesday')
    },
  },
  {
    name: 'key-remove',
    query: 'volumes=40',
    act: async (page) => {
      await openKeys(page)
      await page.getByRole('button', { name: 'Remove slot 1…' }).click()
    },
  },
  {
    name: 'compact',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'ad-dc01.qcow2')
      await page.getByRole('button', { name: 'More' }).click()
      await page.getByRole('menuitem', { name: 'Compact…' }).click()
      await page.getByText('19.5 GiB').waitFor()
    },
  },
  { name: 'create-encrypted', query: 'volumes=40', act: openEncrypted },
  { name: 'create-encrypted-narrow', query: 'volumes=40', size: NARROW, act: openEncrypted },
  { name: 'create', query: 'volumes=40', act: openCreate },
  {
    name: 'create-narrow',
    query: 'volumes=40',
    size: NARROW,
    act: async (page) => {
      await openCreate(page)
      await page.getByRole('button', { name: 'Advanced' }).click()
      await page.getByRole('textbox', { name: 'Data file' }).scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'create-refused',
    query: 'volumes=40',
    act: async (page) => {
      await openCreate(page)
      await page.getByRole('textbox', { name: 'Name' }).fill('debian12')
      await page.getByRole('textbox', { name: 'Size' }).fill('20Gib8')
    },
  },
  {
    name: 'create-based-on',
    query: 'volumes=40',
    act: async (page) => {
      await openCreate(page)
      await page.getByRole('combobox', { name: 'Based on' }).fill('deb')
      await page.getByRole('option').first().waitFor()
    },
  },
  {
    name: 'convert',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('Control+e')
      await page.getByText('snapshots are dropped').waitFor()
    },
  },
  {
    name: 'convert-narrow',
    query: 'volumes=40',
    size: NARROW,
    act: async (page) => {
      await choose(page, 'build-cache.raw')
      await page.keyboard.press('Control+e')
      await page.getByRole('checkbox', { name: 'Compress' }).click()
      await page.getByText('Data is compressed').waitFor()
    },
  },
  {
    name: 'convert-several',
    query: 'volumes=40',
    act: async (page) => {
      await drag(page, 'drop', ['old.raw', 'haiku-with-a-name-that-goes-on-and-on.raw', 'letter.docx'])
      await page.getByRole('button', { name: 'Convert 2 volumes' }).waitFor()
    },
  },
  {
    name: 'notice',
    query: 'volumes=40',
    act: async (page) => {
      await drag(page, 'drop', ['letter.docx'], 'add')
      await page.getByRole('alert').waitFor()
    },
  },
  { name: 'snapshots', query: 'volumes=40', act: (page) => openSnapshots(page) },
  {
    name: 'snapshots-narrow',
    query: 'volumes=40&bare',
    size: NARROW,
    act: async (page) => {
      await page.getByRole('gridcell', { name: 'debian12.qcow2', exact: true }).dblclick()
      await page.getByRole('row', { name: /Kernel/ }).click()
    },
  },
  {
    name: 'history-remove',
    query: 'volumes=40&bare',
    act: async (page) => {
      await openHistory(page)
      await page.getByRole('row', { name: /^debian12-2026-09/ }).click()
      await page.getByRole('toolbar', { name: 'Snapshots' }).getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('complementary', { name: 'Outcome' }).getByText('at most').first().waitFor()
    },
  },
  {
    name: 'history-revert',
    query: 'volumes=40',
    size: NARROW,
    act: async (page) => {
      await openHistory(page)
      await page.getByRole('row', { name: /After security/ }).click()
      await page.getByRole('toolbar', { name: 'Snapshots' }).getByRole('button', { name: 'Go back' }).click()
    },
  },
  {
    name: 'history-map',
    query: 'volumes=40&bare',
    act: async (page) => {
      await openHistory(page)
      await page.getByRole('row', { name: /^pg17-trial/ }).click()
      await page.keyboard.press('m')
      await page.getByRole('toolbar', { name: 'Snapshots' }).getByRole('button', { name: 'Merge down' }).click()
      await page.getByRole('complementary', { name: 'Outcome' }).waitFor()
    },
  },
  {
    name: 'history-long',
    query: 'volumes=40&bare&history=1000',
    size: WIDE,
    act: async (page) => {
      await openHistory(page)
      await page.getByRole('row').nth(3).click()
    },
  },
  {
    name: 'snapshots-none',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'ad-dc01.qcow2')
      await page.keyboard.press('Alt+3')
      await page.getByRole('button', { name: 'Take snapshot' }).waitFor()
    },
  },
  {
    name: 'snapshot-menu',
    query: 'volumes=40',
    act: async (page) => {
      await openSnapshots(page)
      await page.getByRole('row', { name: /Before nginx/ }).click({ button: 'right' })
    },
  },
  {
    name: 'snapshot-take',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('Control+Shift+s')
    },
  },
  {
    name: 'snapshot-apply',
    query: 'volumes=40',
    act: async (page) => {
      await openSnapshots(page, 'debian12-2026-09.qcow2')
      await page.getByRole('row', { name: /First boot/ }).click()
      await goBack(page)
      await page.getByRole('checkbox').click()
    },
  },
  {
    name: 'snapshot-remove',
    query: 'volumes=40',
    act: async (page) => {
      await openSnapshots(page)
      await page.keyboard.press('Shift+ArrowDown')
      await page.keyboard.press('Shift+ArrowDown')
      await page.keyboard.press('Delete')
    },
  },
  {
    name: 'snapshot-convert',
    query: 'volumes=40',
    act: async (page) => {
      await openSnapshots(page)
      await page.getByRole('row', { name: /Before nginx/ }).click({ button: 'right' })
      await page.getByRole('menuitem', { name: 'Convert' }).click()
      await page.getByText('The state of', { exact: false }).waitFor()
    },
  },
  { name: 'overview', query: 'volumes=40', act: (page) => openTab(page, 'debian12.qcow2', 'Alt+1') },
  {
    name: 'overview-narrow',
    query: 'volumes=40',
    size: NARROW,
    act: (page) => openTab(page, /^fedora-41-workstation/, 'Alt+1'),
  },
  { name: 'contents', query: 'volumes=40', act: (page) => openTab(page, 'debian12.qcow2', 'Alt+4') },
  { name: 'contents-wide', query: 'volumes=40', size: WIDE, act: (page) => openTab(page, 'win11-dev.qcow2', 'Alt+4') },
  {
    name: 'contents-narrow',
    query: 'volumes=40',
    size: NARROW,
    act: (page) => openTab(page, 'ad-dc01.qcow2', 'Alt+4'),
  },
  { name: 'amend', query: 'volumes=40', act: (page) => openFromMenu(page, 'debian12.qcow2', 'Change options') },
  { name: 'bitmaps', query: 'volumes=40', act: (page) => openFromMenu(page, 'debian12.qcow2', 'Bitmaps') },
  { name: 'resize-grow', query: 'volumes=40', act: (page) => openResize(page, '64G') },
  { name: 'resize-shrink', query: 'volumes=40', size: NARROW, act: (page) => openResize(page, '16G') },
  { name: 'health', query: 'volumes=40', act: openHealth },
  {
    name: 'health-repair',
    query: 'volumes=40',
    act: async (page) => {
      await openHealth(page)
      await page.getByRole('button', { name: 'Repair 1 error' }).click()
    },
  },
  {
    name: 'health-repaired',
    query: 'volumes=40',
    size: NARROW,
    act: async (page) => {
      await openHealth(page)
      await page.getByRole('button', { name: 'Free 312 MiB of leaks' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Free 312 MiB of leaks' }).click()
      await page.getByRole('tabpanel').getByRole('button', { name: 'Undo last change' }).waitFor()
    },
  },
  {
    name: 'palette',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('Control+k')
      await page.keyboard.type('co')
    },
  },
  { name: 'merge-down', query: 'volumes=40', act: (page) => openFromMenu(page, 'debian12.qcow2', 'Merge down') },
  { name: 'flatten', query: 'volumes=40', act: (page) => openFromMenu(page, 'mail-relay.qcow2', 'Flatten') },
  {
    name: 'change-base',
    query: 'volumes=40',
    act: async (page) => {
      await openFromMenu(page, 'web1-staging.qcow2', 'Change base')
      await page.getByRole('combobox', { name: 'New base' }).fill('debian-12')
      await page.keyboard.press('Enter')
    },
  },
  {
    name: 'compare',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'freebsd-14.1.raw')
      await page.keyboard.press('Shift+ArrowDown')
      await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'More' }).click()
      await page.getByRole('menuitem', { name: 'Compare' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Compare' }).click()
      await page.getByText('Different', { exact: true }).waitFor()
    },
  },
  {
    name: 'what-changed',
    query: 'volumes=40',
    act: async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('Alt+Digit3')
      const rail = page.getByRole('grid', { name: 'Snapshots' })
      await rail.getByText('First boot, configured').first().click({ button: 'right' })
      await page.getByRole('menuitem', { name: 'Compare' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Compare' }).click()
      await page.getByText('Different', { exact: true }).waitFor()
    },
  },
  {
    name: 'cut-off',
    query: 'volumes=40',
    act: async (page) => {
      await page.getByRole('gridcell', { name: 'router-openwrt.raw' }).click()
      await page.getByRole('button', { name: 'Put it back' }).waitFor()
    },
  },
  { name: 'drop', query: 'volumes=40&jobs', act: (page) => drag(page, 'dragover', ['a.raw', 'b.raw', 'c.raw']) },
  {
    name: 'files',
    query: 'volumes=40&files',
    act: async (page) => {
      await page.keyboard.press('Control+o')
      await page.getByRole('button', { name: 'Convert to…' }).waitFor()
    },
  },
]

export async function choose(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('gridcell', { name, exact: typeof name === 'string' }).click()
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('heading', { name: 'Chain' }).waitFor()
}

/** Opens the volume's page, and selects its newest snapshot. */
export async function openSnapshots(page: Page, name = 'debian12.qcow2'): Promise<void> {
  await choose(page, name)
  await page.keyboard.press('Enter')
  const snapshots = page.getByRole('grid', { name: 'Snapshots' })
  await snapshots.locator('[data-kind="snapshot"]').first().click()
}

/** To the selected snapshot: shown first, then asked about. */
export async function goBack(page: Page): Promise<void> {
  await page.getByRole('toolbar', { name: 'Snapshots' }).getByRole('button', { name: 'Go back' }).click()
  await page.getByRole('complementary', { name: 'Outcome' }).getByRole('button', { name: 'Go back…' }).click()
}

async function openHistory(page: Page): Promise<void> {
  await page.getByRole('gridcell', { name: 'debian12.qcow2', exact: true }).dblclick()
  await page.getByRole('grid', { name: 'Snapshots' }).waitFor()
}

async function openTab(page: Page, name: string | RegExp, key: string): Promise<void> {
  await choose(page, name)
  await page.keyboard.press(key)
  await page.getByRole('tabpanel').locator('table, dl').first().waitFor()
}

async function openResize(page: Page, size: string): Promise<void> {
  await choose(page, 'debian12.qcow2')
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Resize' }).click()
  await page.getByRole('textbox', { name: 'New size' }).fill(size)
  await page.getByText(/Safe minimum \d/).waitFor()
  await page.waitForFunction(() => document.querySelector('[role="dialog"]')?.textContent.includes('Looking') === false)
}

async function openHealth(page: Page): Promise<void> {
  await choose(page, 'pg17-trial.qcow2')
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Check' }).click()
  await page.getByRole('button', { name: 'Check again' }).waitFor()
}

async function openFromMenu(page: Page, name: string, command: string): Promise<void> {
  await page.getByRole('gridcell', { name, exact: true }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: command }).click()
  await page.getByRole('dialog').or(page.getByRole('alertdialog')).waitFor()
  await page.waitForFunction(() => !document.body.textContent.includes('Looking'))
}

async function openCreate(page: Page): Promise<void> {
  await page.keyboard.press('Control+n')
  await page.getByText(/Uses .* now, up to 20/).waitFor()
}

export async function drag(
  page: Page,
  type: 'dragover' | 'drop',
  names: readonly string[],
  zone: 'add' | 'convert' = 'convert',
): Promise<void> {
  await page.evaluate(
    ([type, names, zone]) => {
      const dataTransfer = new DataTransfer()
      for (const name of names) dataTransfer.items.add(new File(['x'], name))
      const at = { clientX: innerWidth * (zone === 'add' ? 0.3 : 0.7), clientY: innerHeight / 2 }
      const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true, ...at })
      document.elementFromPoint(at.clientX, at.clientY)?.dispatchEvent(event)
    },
    [type, names, zone] as const,
  )
}

async function openMap(page: Page): Promise<void> {
  await choose(page, 'debian12.qcow2')
  await page.keyboard.press('Alt+Digit2')
  await page.getByText(/of the guest disk$/).waitFor()
}

async function openKeys(page: Page): Promise<void> {
  await choose(page, 'mail-relay.qcow2')
  await page.keyboard.press('Enter')
  await page.getByRole('tab', { name: 'Passphrases' }).click()
  await page.getByRole('button', { name: 'Add passphrase…' }).waitFor()
}

async function openEncrypted(page: Page): Promise<void> {
  await openCreate(page)
  await page.getByRole('checkbox', { name: 'Encrypt with a passphrase' }).click()
  await page.getByLabel('New passphrase').fill('correct horse battery staple')
  await page.getByRole('checkbox', { name: 'Make a recovery key as well' }).click()
  await page.getByRole('checkbox', { name: /^I have written it down/ }).scrollIntoViewIfNeeded()
}
