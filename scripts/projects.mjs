/** The parts whose types are checked, each with the configuration of its own: what it is, and where its tsconfig.json is. */
export const projects = [
  ['types', '.'],
  ['types of the renderer', 'src-renderer'],
  ['types of the preload script', 'src-main/electron/preload'],
  ['types of the end-to-end tests', 'e2e'],
  ['types of the benchmarks', 'bench'],
]
