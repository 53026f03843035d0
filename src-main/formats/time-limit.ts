import vm from 'node:vm'

const context = vm.createContext({ task: () => undefined as unknown })
const script = new vm.Script('task()')

/**
 * Runs `task` to its end, but no longer than `milliseconds`: patterns and templates come from files that nobody vouches for, and a
 * regular expression may take longer than the universe. The interpreter's own clock can interrupt one.
 *
 * @param onTimeout makes the error to be thrown
 */
export function withinTime<T>(milliseconds: number, task: () => T, onTimeout: () => Error): T {
  const outer = context['task'] as unknown
  context['task'] = task
  try {
    return script.runInContext(context, { timeout: Math.ceil(milliseconds) }) as T
  } catch (error) {
    // It may come from the context's own realm, whose Error is another class.
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw onTimeout()
    throw error
  } finally {
    context['task'] = outer
  }
}
