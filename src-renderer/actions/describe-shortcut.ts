/** 'mod+shift+N' → 'Ctrl Shift N', with the platform's word for mod. */
export function describeShortcut(shortcut: string): string {
  const mod = /mac/i.test(navigator.userAgent) ? '⌘' : 'Ctrl'
  return shortcut
    .split('+')
    .map((key) => (key === 'mod' ? mod : key.charAt(0).toUpperCase() + key.slice(1)))
    .join(' ')
}
