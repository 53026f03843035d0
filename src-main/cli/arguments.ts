import { InvalidArgumentError } from 'commander'

/** A whole number within bounds, for commander. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text.replaceAll('_', ''))
    if (!Number.isSafeInteger(value) || value < min || value > max || text.trim() === '')
      throw new InvalidArgumentError(
        `Expected a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}.`,
      )
    return value
  }
}

/** A number within bounds, for commander. */
export function decimal(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!Number.isFinite(value) || value < min || value > max || text.trim() === '')
      throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`)
    return value
  }
}

/** `512,1024` → [512, 1024], for commander. */
export function integerList(text: string): number[] {
  return text.split(',').map(integer(1))
}
