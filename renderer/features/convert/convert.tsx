// placeholder
export function Convert() {
  return null
}
