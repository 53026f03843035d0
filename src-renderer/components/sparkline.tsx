import { sparklinePath } from './sparkline-path.ts'

const box = { width: 120, height: 28, inset: 1.5 }

/**
 * A small line without axes.
 *
 * @param label what a screen reader says in its place
 */
export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  if (values.length === 0) return null
  return (
    <svg
      role="img"
      aria-label={label}
      width={box.width}
      height={box.height}
      viewBox={`0 0 ${box.width} ${box.height}`}
    >
      <path
        d={sparklinePath(values, box)}
        fill="none"
        style={{ stroke: 'light-dark(var(--mantine-color-indigo-7), var(--mantine-color-indigo-4))' }}
        strokeWidth={1.5}
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  )
}
