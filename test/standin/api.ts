// The part of Electron's main-process API that the app uses, resolved in place of the module `electron`.

export { app } from './app.ts'
export { BrowserWindow } from './browser-window.ts'
export { Notification, clipboard, screen, shell } from './desktop.ts'
export { dialog } from './dialog.ts'
export { ipcMain } from './ipc-main.ts'
export { Menu, MenuItem } from './menu.ts'
export { protocol } from './schemes.ts'
export { nativeTheme, session } from './session.ts'
export { webContents } from './web-contents.ts'
