// A small curve of the last values; a picture beside figures, never their place.

const WIDTH = 120
const HEIGHT = 24

export function Sparkline({ values }: { readonly values: readonly number[] }) {
  const top = Math.max(1, ...values) * 1.1
  const points = values.map(
    (value, index) =>
      `${((index / Math.max(1, values.length - 1)) * WIDTH).toFixed(1)} ${(HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1)}`,
  )
  const line = `M${points.join('L')}`
  return (
    <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {values.length > 1 && (
        <>
          <path d={`${line}V${HEIGHT}H0Z`} fill="var(--accent)" opacity={0.14} />
          <path d={line} fill="none" stroke="var(--accent)" strokeWidth={1.5} strokeLinejoin="round" />
        </>
      )}
    </svg>
  )
}
