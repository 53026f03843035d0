import { Alert, AppShell, Burger, Button, Group, Kbd, Loader, NavLink, Stack, Text } from '@mantine/core'
import { useDidUpdate, useDisclosure, useHotkeys } from '@mantine/hooks'
import { Spotlight } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Route, Router, Switch } from 'wouter'
import { useHashLocation } from 'wouter/use-hash-location'
import { describeShortcut } from './actions/describe-shortcut.ts'
import { actions, performCommand, screens } from './actions/index.ts'
import { showKeptTheme } from './actions/theme.ts'
import { ScreenBoundary } from './components/screen-boundary.tsx'
import { Screen } from './components/screen.tsx'
import { queries, queryClient, useConnection } from './connection/engine.ts'
import { goTo, paths } from './navigation.ts'
import { BenchmarkScreen } from './screens/benchmark/benchmark-screen.tsx'
import { CompareScreen } from './screens/compare/compare-screen.tsx'
import { ConsoleScreen } from './screens/console/console-screen.tsx'
import { HomeScreen } from './screens/home/home-screen.tsx'
import { SettingsScreen } from './screens/settings/settings-screen.tsx'
import { RunScreen } from './screens/run/run-screen.tsx'
import { WizardScreen } from './screens/wizard/wizard-screen.tsx'
import { strings } from './strings/index.ts'

/** The palette doesn't offer to open itself. */
const listedActions = actions.filter(({ id }) => id !== 'open-palette')

/** The frame around every screen: navigation, notices, command palette. */
export function App() {
  useHotkeys(
    actions.flatMap(({ shortcut, perform }) => (shortcut === undefined ? [] : [[shortcut, perform]])),
    [],
  )
  useEffect(() => window.studioHost?.onCommand(performCommand), [])
  useKeptTheme()
  // On a narrow window the navigation covers the page, so it makes room once a place is chosen.
  const [menuIsOpen, { toggle: toggleMenu, close: closeMenu }] = useDisclosure()
  const [location] = useHashLocation()
  useDidUpdate(closeMenu, [location])
  return (
    <Router hook={useHashLocation}>
      <a href="#content" className="skip-link" onClick={focusContent}>
        {strings.app.skipToContent}
      </a>
      <AppShell
        header={{ height: { base: 48, md: 0 } }}
        navbar={{ width: 232, breakpoint: 'md', collapsed: { mobile: !menuIsOpen } }}
        padding="lg"
      >
        <AppShell.Header hiddenFrom="md">
          <Group h="100%" px="sm" gap="sm">
            <Burger
              size="sm"
              opened={menuIsOpen}
              onClick={toggleMenu}
              aria-label={strings.app.navigation}
              aria-expanded={menuIsOpen}
            />
            <Text fw={700}>{strings.app.name}</Text>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="sm" aria-label={strings.app.navigation}>
          <Navigation />
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <Stack gap="md">
            <ConnectionNotice />
            <CrashNotice />
            <CurrentScreen />
          </Stack>
        </AppShell.Main>
      </AppShell>
      <Spotlight
        actions={listedActions.map(({ id, label, icon: ActionIcon, shortcut, perform }) => ({
          id,
          label,
          onClick: perform,
          leftSection: <ActionIcon size={18} aria-hidden />,
          rightSection: shortcut && <Kbd>{describeShortcut(shortcut)}</Kbd>,
        }))}
        shortcut={null}
        // A blur would be repainted with each step of the curves behind it.
        overlayProps={{ backgroundOpacity: 0.35 }}
        // Reopened while it still fades out, it would not take the focus, and what is typed would be lost.
        transitionProps={{ duration: 0 }}
        attributes={{ content: { 'aria-label': strings.actions.palette } }}
        nothingFound={strings.actions.nothingFound}
        searchProps={{
          placeholder: strings.actions.searchPalette,
          'aria-label': strings.actions.searchPalette,
          leftSection: <IconSearch size={18} aria-hidden />,
        }}
      />
    </Router>
  )
}

function focusContent(event: React.MouseEvent): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

function Navigation() {
  const [location] = useHashLocation()
  const newConversion = actions.find(({ id }) => id === 'new-conversion')!
  const palette = actions.find(({ id }) => id === 'open-palette')!
  return (
    <Stack justify="space-between" h="100%">
      <Stack gap="xs">
        <Text fw={700} px="sm" py="xs">
          {strings.app.name}
        </Text>
        <Button leftSection={<newConversion.icon size={18} />} onClick={newConversion.perform}>
          {newConversion.label}
        </Button>
        <Stack gap={4}>
          {screens.map(({ id, label, icon: ScreenIcon, path }) => {
            const isCurrent = path === '/' ? location === '/' : location.startsWith(path)
            return (
              <NavLink
                key={id}
                href={`#${path}`}
                label={label}
                leftSection={<ScreenIcon size={18} aria-hidden />}
                active={isCurrent}
                {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
              />
            )
          })}
        </Stack>
      </Stack>
      <Button
        variant="default"
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          <Kbd size="xs" style={{ whiteSpace: 'nowrap' }}>
            {describeShortcut(palette.shortcut!)}
          </Kbd>
        }
        onClick={palette.perform}
      >
        {palette.label}
      </Button>
    </Stack>
  )
}

function CurrentScreen() {
  const [location] = useHashLocation()
  return (
    <ScreenBoundary location={location}>
      <Switch>
        <Route path="/">
          <HomeScreen />
        </Route>
        <Route path="/new">
          <WizardScreen />
        </Route>
        <Route path="/runs/:id">{({ id }) => <RunScreen key={id} id={decodeURIComponent(id)} />}</Route>
        <Route path="/console/:runId?">
          {({ runId }) => (
            <ConsoleScreen {...(runId === undefined ? {} : { runId: decodeURIComponent(runId) })} />
          )}
        </Route>
        <Route path="/compare">
          <CompareScreen />
        </Route>
        <Route path="/benchmark">
          <BenchmarkScreen />
        </Route>
        <Route path="/settings">
          <SettingsScreen />
        </Route>
        <Route>
          <Screen title={strings.app.notFound}>
            <Button variant="default" onClick={() => goTo(paths.home)} style={{ alignSelf: 'start' }}>
              {strings.app.goHome}
            </Button>
          </Screen>
        </Route>
      </Switch>
    </ScreenBoundary>
  )
}

function ConnectionNotice() {
  const connection = useConnection()
  switch (connection.status) {
    case 'open':
      return null
    case 'failed':
      return (
        <Alert color="red" role="alert" title={strings.app.connectionFailed}>
          <Text size="sm">{connection.reason}</Text>
          <Text size="sm">{strings.app.connectionFailedRemedy}</Text>
        </Alert>
      )
    case 'connecting':
    case 'lost':
      return (
        <Group gap="xs" role="status">
          <Loader size="xs" aria-hidden />
          <Text size="sm">
            {connection.status === 'lost' ? strings.app.connectionLost : strings.app.connecting}
          </Text>
        </Group>
      )
  }
}

/** Says that the engine had died and lives again; the runs that it left show how to resume them. */
function CrashNotice() {
  const isGivenUp = useConnection(({ status }) => status === 'failed')
  const { data: info } = useQuery(queries.app.info.queryOptions())
  const dismiss = useMutation(
    queries.app.dismissCrash.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.app.info.key() }),
    }),
  )
  if (!info?.crash || isGivenUp) return null
  return (
    <Alert
      color="yellow"
      role="alert"
      title={strings.app.crashed}
      withCloseButton
      closeButtonLabel={strings.app.dismiss}
      onClose={() => dismiss.mutate({})}
    >
      <Text size="sm">{info.crash.reason}</Text>
      <Text size="sm">{strings.app.crashedRuns}</Text>
    </Alert>
  )
}

/** Shows the theme that is kept in the engine's settings, as soon as they are known. */
function useKeptTheme(): void {
  const { data: settings } = useQuery(queries.app.settings.queryOptions())
  const theme = settings?.theme
  useEffect(() => {
    if (theme) showKeptTheme(theme)
  }, [theme])
}
