/** Where the first stop text begins; if none is complete, where the text's end may be the beginning of one. */
export function stopPosition(
  text: string,
  stops: readonly string[],
): { readonly index: number; readonly isComplete: boolean } {
  const found = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
  if (found.length > 0) return { index: Math.min(...found), isComplete: true }
  let index = text.length
  for (const stop of stops)
    for (let length = Math.min(stop.length - 1, text.length); length > text.length - index; length--)
      if (stop.startsWith(text.slice(text.length - length))) index = text.length - length
  return { index, isComplete: false }
}
