// placeholder
export function DropFiles() {
  return null
}
