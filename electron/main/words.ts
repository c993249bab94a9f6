// The words main says itself: menus and the system's dialogs.

import { createInstance, type TFunction } from 'i18next'
import en from '../../assets/locales/shell.en.json' with { type: 'json' }

/** Ready at once: nothing is fetched. */
export function loadWords(language: string): TFunction {
  const instance = createInstance()
  void instance.init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    initAsync: false,
    interpolation: { escapeValue: false },
  })
  return instance.t
}
