import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { electronObstacle } from '../e2e/host/electron-obstacle.ts'
import { findLlamaCpp } from '../src-main/benchmark/llama-cpp/peer.ts'
import { realModelFile } from '../src-main/models/testing/real-model.ts'
import { noVulkan } from '../src-main/runtime/testing/software-vulkan.ts'
import type { AllowedSkip } from './skips.ts'

const { platform, arch } = process
const linuxOnly = { reason: 'this is not Linux', isMissing: platform !== 'linux' }
const linuxOnX64Only = {
  reason: 'this is not Linux on x64',
  isMissing: platform !== 'linux' || arch !== 'x64',
}
const signalsOnly = { reason: 'Windows has no signals', isMissing: platform === 'win32' }
const webgpuOnly = { reason: noVulkan ?? 'no software Vulkan device', isMissing: noVulkan !== null }

/**
 * What may be skipped, and where: `npm test` fails for every other skipped test, so that nothing stays out unseen. Where
 * several fit, the first one that is missing here counts.
 */
export const allowedSkips: readonly AllowedSkip[] = [
  { file: /^src-main\/(decode|models|runtime)\/webgpu\.test\.ts$/, name: /./, ...webgpuOnly },
  {
    file: /^src-main\/runtime\/devices\/probe-child\.test\.ts$/,
    name: /finds WebGPU to agree with the CPU$/,
    ...webgpuOnly,
  },
  {
    file: /^src-main\/models\/real-model\.test\.ts$/,
    name: /^SmolLM2-135M-Instruct in Q4_1 /,
    reason: 'the real model is not in resources/real-model (npm run real-model)',
    isMissing: !existsSync(realModelFile),
  },
  {
    file: /^src-main\/benchmark\/llama-cpp\/peer\.test\.ts$/,
    name: /^llama\.cpp decodes the shape of /,
    reason: 'node-llama-cpp is not installed in the project’s folder',
    isMissing: findLlamaCpp([join(import.meta.dirname, '..')]) === undefined,
  },
  {
    file: /^src-main\/cli\/main\.test\.ts$/,
    name: /^the command line asks for huge pages/,
    reason: 'a process can only restart itself on Linux with Node.js 22.15 or later',
    isMissing: platform !== 'linux' || !('execve' in process),
  },
  {
    file: /^src-main\/engine\/preview\/memory\.test\.ts$/,
    name: /^the estimate of memory is what /,
    ...linuxOnly,
  },
  { file: /^src-main\/runtime\/huge-pages\.test\.ts$/, name: /^huge pages are asked for/, ...linuxOnly },
  {
    file: /^src-main\/runtime\/telemetry\.test\.ts$/,
    name: /^where it is not told/,
    ...linuxOnly,
  },
  { file: /^src-main\/web\/studio\.test\.ts$/, name: /^the engine asks for huge pages$/, ...linuxOnly },
  { file: /^src-main\/web\/main\.test\.ts$/, name: /\(needs \/proc\)$/, ...linuxOnly },
  {
    file: /^src-main\/base\/process-state\.test\.ts$/,
    name: /counts a killed process as gone whose parent never asks$/,
    ...linuxOnly,
  },
  { file: /^src-main\/runtime\/devices\/known-devices\.test\.ts$/, name: /^on Linux /, ...linuxOnX64Only },
  {
    file: /^src-main\/electron\/packaging\.test\.ts$/,
    name: /^the packed engine answers and generates/,
    ...linuxOnX64Only,
  },
  {
    file: /^src-main\/runtime\/devices\/probe-child\.test\.ts$/,
    name: /tells how it ended, if it was ended$/,
    ...signalsOnly,
  },
  {
    file: /^src-main\/web\/main\.test\.ts$/,
    name: /^SIG(INT|TERM) closes the studio/,
    ...signalsOnly,
  },
  {
    file: /^e2e\//,
    name: /^\[electron\] /,
    reason: `under Electron: ${electronObstacle ?? ''}`,
    isMissing: electronObstacle !== null,
  },
  {
    file: /^e2e\/security\.spec\.ts$/,
    name: /^\[electron\] .*(reaches neither the page nor the engine|without the token of its launch)/,
    reason: 'the desktop app listens nowhere and has no address',
    isMissing: true,
  },
]
