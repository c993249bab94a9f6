// placeholder
export function Inspector() {
  return null
}
