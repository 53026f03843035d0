import type { Family } from './config.ts'
import { gemma } from './gemma.ts'
import { gemma2 } from './gemma2.ts'
import { gemma3, gemma3Text } from './gemma3.ts'
import { gpt2 } from './gpt2.ts'
import { gptNeoX } from './gpt-neox.ts'
import { granite } from './granite.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { olmo2 } from './olmo2.ts'
import { phi3 } from './phi3.ts'
import { qwen2, qwen3 } from './qwen.ts'
import { smollm3 } from './smollm3.ts'
import { starcoder2 } from './starcoder2.ts'

/** The architectures that can be converted, by `model_type` in config.json. */
export const families: ReadonlyMap<string, Family> = new Map([
  ['gemma', gemma],
  ['gemma2', gemma2],
  ['gemma3', gemma3],
  ['gemma3_text', gemma3Text],
  ['gpt2', gpt2],
  ['gpt_neox', gptNeoX],
  ['granite', granite],
  ['llama', llama],
  ['mistral', mistral],
  ['olmo2', olmo2],
  ['phi3', phi3],
  ['qwen2', qwen2],
  ['qwen3', qwen3],
  ['smollm3', smollm3],
  ['starcoder2', starcoder2],
])
