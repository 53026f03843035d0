import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import './facts.css'

/** A name and what there is to say of it. */
export interface Fact {
  readonly name: string
  readonly value: ReactNode
  /** Smaller, below the value. */
  readonly note?: string
  /** Takes a line of its own in a list. */
  readonly isWide?: boolean
}

/** Numbers next to each other, each under its name. */
export function FactRow({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="fact-row">
      {facts.map(({ name, value, note }) => (
        <div key={name}>
          <Text component="dt" size="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" m={0} fw={600} className="fact-value">
            {value}
          </Text>
          {note !== undefined && (
            <Text component="dd" m={0} size="xs" c="dimmed">
              {note}
            </Text>
          )}
        </div>
      ))}
    </dl>
  )
}

/** Names on the left, values on the right. */
export function FactList({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="fact-list">
      {facts.map(({ name, value, isWide }) => (
        <div key={name} className={isWide ? 'fact fact-wide' : 'fact'}>
          <Text component="dt" size="sm" c="dimmed">
            {name}
          </Text>
          <Text component="dd" m={0} size="sm" className="fact-value">
            {value}
          </Text>
        </div>
      ))}
    </dl>
  )
}
