import { Alert, Button, Stack, Text } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { strings } from '../strings/index.ts'

interface State {
  readonly problem: string | null
}

interface Props {
  /** Another one gives the screen another chance. */
  readonly location: string
  readonly children: ReactNode
}

/** Keeps a defect of one screen from taking the app down. */
export class ScreenBoundary extends Component<Props, State> {
  override state: State = { problem: null }

  static getDerivedStateFromError(error: unknown): State {
    return { problem: error instanceof Error ? error.message : String(error) }
  }

  override componentDidUpdate({ location }: Props): void {
    if (location !== this.props.location && this.state.problem !== null) this.setState({ problem: null })
  }

  override render() {
    if (this.state.problem === null) return this.props.children
    return (
      <Alert color="red" title={strings.app.screenFailed} role="alert">
        <Stack align="start" gap="xs">
          <Text size="sm">{this.state.problem}</Text>
          <Button size="xs" variant="default" onClick={() => this.setState({ problem: null })}>
            {strings.app.tryAgain}
          </Button>
        </Stack>
      </Alert>
    )
  }
}
