// The translations; ids are grouped by screen.

import i18next, { use as plugIn } from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from '../assets/locales/en.json'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

export async function startTranslations(): Promise<void> {
  await plugIn(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    // React escapes what it draws.
    interpolation: { escapeValue: false },
  })
  document.documentElement.lang = i18next.language
}
