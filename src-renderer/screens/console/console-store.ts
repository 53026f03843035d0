import { create } from 'zustand'
import type { ConsoleSource, ModeNumbers, Sampling } from '../../../src-main/contract/index.ts'
import { defaultForm, type ConsoleForm } from './console-form.ts'
import type { Chat, Side } from './chat.ts'
import type { GenerationOutput } from './generation-output.ts'

/** A token of an output. */
export interface TokenPlace {
  readonly side: Side
  readonly index: number
}

/** One prompt and what the models make of it. */
export interface Session {
  /** Tells it from those before it. */
  readonly key: number
  readonly source: ConsoleSource
  /** A text that is continued, or a message that is answered. */
  readonly prompt: string
  /** What came before the message; null: it is a text. */
  readonly chat: Chat | null
  readonly numbers: ModeNumbers
  readonly sampling: Sampling
  readonly maxTokens: number
  readonly outputs: Readonly<Partial<Record<Side, GenerationOutput>>>
}

/** What the console shows, kept while other screens are open. */
export const useConsole = create<{
  readonly prompt: string
  /** Converse, where the model can. */
  readonly wantsChat: boolean
  readonly message: string
  readonly system: string
  readonly form: ConsoleForm
  /** A base model of the library, where the address names no run. */
  readonly modelReference: string | null
  readonly session: Session | null
  readonly selected: TokenPlace | null
}>(() => ({
  prompt: '',
  wantsChat: true,
  message: '',
  system: '',
  form: defaultForm,
  modelReference: null,
  session: null,
  selected: null,
}))

export function setPrompt(prompt: string): void {
  useConsole.setState({ prompt })
}

export function changeForm(change: Partial<ConsoleForm>): void {
  useConsole.setState(({ form }) => ({ form: { ...form, ...change } }))
}

export function selectToken(selected: TokenPlace | null): void {
  useConsole.setState({ selected })
}

/** Chooses a base model for when the address names no run; null: the newest run. */
export function chooseModel(modelReference: string | null): void {
  useConsole.setState({ modelReference })
}

export function sameSource(a: ConsoleSource, b: ConsoleSource): boolean {
  if (a.kind === 'run') return b.kind === 'run' && a.id === b.id
  return b.kind === 'model' && a.reference === b.reference
}
