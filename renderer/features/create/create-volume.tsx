// placeholder
export function CreateVolume() {
  return null
}
