import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import './main.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { colorScheme, useTheme } from './actions/theme.ts'
import { App } from './app.tsx'
import { queryClient, startConnection } from './connection/engine.ts'
import { accessibleColors, theme } from './theme.ts'

function Root() {
  const scheme = useTheme(colorScheme)
  return (
    <MantineProvider theme={theme} cssVariablesResolver={accessibleColors} forceColorScheme={scheme}>
      <Notifications />
      <App />
    </MantineProvider>
  )
}

startConnection()
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Root />
    </QueryClientProvider>
  </StrictMode>,
)
