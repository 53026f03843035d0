import { Text } from '@mantine/core'
import { memo, useEffect, useRef } from 'react'
import { useStore } from 'zustand'
import type { LogLine } from '../../../src-main/contract/index.ts'
import { Panel } from '../../components/panel.tsx'
import type { RunCurves } from '../../runs/run-curves.ts'
import type { Changes } from '../../runs/use-run-curves.ts'
import { formatMoment, formatTime } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import './log-panel.css'

const text = strings.training

/** What the engine says of the run; stays at the end unless somebody has scrolled up. */
export const LogPanel = memo(function LogPanel({
  curves,
  changes,
}: {
  readonly curves: RunCurves
  readonly changes: Changes
}) {
  const newest = useStore(changes, () => curves.log.at(-1))
  const viewport = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  useEffect(() => {
    const element = viewport.current
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight
  }, [newest])
  return (
    <Panel title={text.log}>
      {newest === undefined ? (
        <Text size="sm" c="dimmed">
          {text.noLog}
        </Text>
      ) : (
        <div
          ref={viewport}
          className="log"
          role="log"
          aria-label={text.log}
          tabIndex={0}
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
            isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 4
          }}
        >
          {curves.log.map((line, index) => (
            <Line key={index} {...line} />
          ))}
        </div>
      )}
    </Panel>
  )
})

function Line({ at, level, message }: LogLine) {
  return (
    <div className="log-line" data-level={level}>
      <time dateTime={at} title={formatMoment(at)}>
        {formatTime(at)}
      </time>
      <span className="log-level">{text.level[level]}</span>
      <span className="log-message">{message}</span>
    </div>
  )
}
