/** The page's style sheet: the system's fonts, light or dark as the reader's system is. It needs no escaping. */
export const styles = `
:root {
  color-scheme: light dark;
  --line: light-dark(#d5d5d9, #3a3a40);
  --quiet: light-dark(#5b5b63, #a5a5ad);
}
body {
  margin: 0;
  background: light-dark(#fff, #17171a);
  color: light-dark(#1a1a1d, #ececf0);
  font: 15px/1.5 system-ui, sans-serif;
}
main { max-width: 68rem; margin: 2rem auto; padding: 0 1.25rem; }
h1, h2, h3 { line-height: 1.25; font-weight: 600; }
h2 { margin-top: 2.5rem; }
section { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.75rem 0; font-variant-numeric: tabular-nums; }
th, td {
  padding: 0.3rem 0.9rem 0.3rem 0;
  border-bottom: 1px solid var(--line);
  text-align: left;
  vertical-align: top;
  font-weight: 400;
}
thead th, .path, .note { color: var(--quiet); }
caption { text-align: left; padding: 0.5rem 0; }
summary { cursor: pointer; margin: 0.5rem 0; }
.path { overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 14rem; }
code { font: 13px ui-monospace, monospace; white-space: pre; }
`
