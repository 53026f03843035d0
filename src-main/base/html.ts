/** A piece of HTML in which all text is escaped. */
export class Html {
  readonly source: string

  private constructor(source: string) {
    this.source = source
  }

  /** The literal parts are HTML; what is put in between is text unless it is `Html` itself, one piece or several. */
  static from(
    parts: TemplateStringsArray,
    values: readonly (Html | readonly Html[] | string | number)[],
  ): Html {
    let source = parts[0]!
    values.forEach((value, i) => {
      source += Html.insert(value) + parts[i + 1]!
    })
    return new Html(source)
  }

  private static insert(value: Html | readonly Html[] | string | number): string {
    if (value instanceof Html) return value.source
    if (typeof value === 'object') return value.map(({ source }) => source).join('')
    return escapeText(String(value))
  }
}

/** Writes HTML: html`<p>${text}</p>`. */
export function html(
  parts: TemplateStringsArray,
  ...values: (Html | readonly Html[] | string | number)[]
): Html {
  return Html.from(parts, values)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Text as it stands in HTML, also within a quoted attribute. Control characters, which HTML does not allow, and marks
 * that turn the direction of what follows are shown as U+FFFD.
 */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character]!)
    .replace(/(?![\t\n\r])[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd')
}
