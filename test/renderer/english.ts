// The English translations, ready for tests that read what the window says.

import { changeLanguage, init } from 'i18next'
import en from '../../assets/locales/en.json' with { type: 'json' }

export async function speakEnglish(): Promise<void> {
  await init({ lng: 'en', resources: { en: { translation: en } }, interpolation: { escapeValue: false } })
  await changeLanguage('en')
}
