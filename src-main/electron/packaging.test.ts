import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import asar from '@electron/asar'
import { getCurrentFuseWire, FuseV1Options } from '@electron/fuses'
import { Arch, build, Platform, type Configuration } from 'electron-builder'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { appId } from './app-id.ts'
import { writeStandIn } from './testing/stand-in.ts'

const root = join(import.meta.dirname, '../..')
const megabyte = 1024 * 1024

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-package-'))
  if (!existsSync(join(root, 'dist/renderer/index.html')))
    throw new Error("What is packed isn't built: run 'npm run setup' first.")
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** An app as it is installed. */
interface Packed {
  readonly folder: string
  readonly archive: string
  /** Every file of the app, within the archive or unpacked beside it, with '/'. */
  readonly files: readonly string[]
  /** Those that lie beside the archive. */
  readonly unpacked: readonly string[]
}

/** Packs the app with electron-builder.yml as it is, but for the stand-in in place of Electron. */
async function pack(platform: Platform, arch: Arch, overrides: Configuration = {}): Promise<Packed> {
  const name = `${platform.name}-${Arch[arch]}`
  const electronDist = join(scratch, `electron-${name}`)
  await writeStandIn(electronDist, platform === Platform.WINDOWS ? 'electron.exe' : 'electron')
  const output = join(scratch, name)
  await build({
    projectDir: root,
    targets: platform.createTarget('dir', arch),
    publish: 'never',
    config: { extends: 'electron-builder.yml', electronDist, directories: { output }, ...overrides },
  })
  const [unpackedFolder] = (await readdir(output)).filter((entry) => entry.endsWith('-unpacked'))
  const folder = join(output, unpackedFolder!)
  const archive = join(folder, 'resources', 'app.asar')
  const isFile = (path: string) => !('files' in asar.statFile(archive, path.slice(1)))
  return {
    folder,
    archive,
    files: asar
      .listPackage(archive, { isPack: false })
      .filter(isFile)
      .map((path) => path.slice(1).replaceAll('\\', '/')),
    unpacked: await filesBelow(`${archive}.unpacked`),
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
}

async function sizeOf(folder: string): Promise<number> {
  const files = await filesBelow(folder)
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

const nativeFiles = (files: readonly string[]) =>
  files.filter((file) => /\.(node|dll|dylib|so(\.\d+)*)$/.test(file))

let linux: Packed
beforeAll(async () => {
  linux = await pack(Platform.LINUX, Arch.x64)
})

test('what runs is there', () => {
  expect(linux.files).toEqual(
    expect.arrayContaining([
      'package.json',
      'dist/src-main/electron/main.js',
      'dist/src-main/electron/preload.cjs',
      'dist/src-main/electron/engine-process.js',
      'dist/src-main/engine/engine.js',
      'dist/renderer/index.html',
      'resources/sample-model/config.json',
      'resources/sample-model/tokenizer.json',
      'resources/sample-model/model.safetensors',
      'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node',
      'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
      'node_modules/electron-updater/package.json',
      'node_modules/@orpc/server/package.json',
    ]),
  )
})

test('every compiled file has its source, and every file of the page was built now', async () => {
  const compiled = linux.files.filter((file) => /^dist\/(src-main|resources)\/.*\.js$/.test(file))
  expect(compiled.length).toBeGreaterThan(50)
  for (const file of compiled)
    expect(existsSync(join(root, file.replace(/^dist\//, '').replace(/\.js$/, '.ts'))), file).toBe(true)
  const page = linux.files.filter((file) => file.startsWith('dist/renderer/'))
  expect(page.sort()).toEqual(
    (await filesBelow(join(root, 'dist/renderer'))).map((file) => `dist/renderer/${file}`).sort(),
  )
})

test.each([
  ['sources', /\.[cm]?tsx?$/],
  ['maps', /\.map$/],
  ['tests', /\.test\.|\/testing\//],
  ['the hosts that are not this one', /^dist\/src-main\/(cli|web)\//],
  ['the scripts that made the sample model', /^resources\/sample-model\/.*\.[jt]s$/],
  ['build information', /tsbuildinfo|package-lock|electron-builder/],
])('%s are not', (_, pattern) => {
  expect(linux.files.filter((file) => pattern.test(file))).toEqual([])
})

test('of the libraries those are there that the app runs with, and no other', async () => {
  const schema = z.object({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  const { dependencies, devDependencies } = schema.parse(
    JSON.parse(await readFile(join(root, 'package.json'), 'utf8')),
  )
  const packed = new Set(
    linux.files.flatMap((file) => /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []),
  )
  for (const name of Object.keys(dependencies)) expect(packed, name).toContain(name)
  for (const name of Object.keys(devDependencies)) expect(packed, name).not.toContain(name)
})

test('native files are those of this system and architecture, and lie beside the archive', async () => {
  const [x64, arm64] = [linux, await pack(Platform.LINUX, Arch.arm64)]
  for (const [arch, app] of [
    ['x64', x64],
    ['arm64', arm64],
  ] as const) {
    const natives = nativeFiles(app.files)
    expect(natives.length).toBeGreaterThanOrEqual(2)
    for (const file of natives) {
      expect(file).toContain(`/linux/${arch}/`)
      expect(app.unpacked).toContain(file)
    }
  }
})

test('on Windows the libraries beside the native module are there too', async () => {
  // The stand-in is no program in which Windows' tools could write icons or hashes.
  const windows = await pack(Platform.WINDOWS, Arch.x64, {
    disableAsarIntegrity: true,
    win: { signAndEditExecutable: false },
  })
  const natives = nativeFiles(windows.files)
  expect(natives.map((file) => file.split('/').at(-1))).toEqual(
    expect.arrayContaining(['onnxruntime_binding.node', 'onnxruntime.dll', 'DirectML.dll']),
  )
  for (const file of natives) {
    expect(file).toContain('/win32/x64/')
    expect(windows.unpacked).toContain(file)
  }
})

test('the weights of the sample model are read in place', async () => {
  const packed = join(`${linux.archive}.unpacked`, 'resources/sample-model/model.safetensors')
  const original = join(root, 'resources/sample-model/model.safetensors')
  expect((await readFile(packed)).equals(await readFile(original))).toBe(true)
})

test('the licence is beside the program', async () => {
  expect(await readFile(join(linux.folder, 'LICENSE.txt'), 'utf8')).toContain('Apache License')
})

test('without Electron, the app takes less than 100 MB', async () => {
  expect(await sizeOf(linux.folder)).toBeLessThan(100 * megabyte)
})

test('the fuses are set', async () => {
  const wire = await getCurrentFuseWire(join(linux.folder, 'spellm-studio'))
  const isOn = (fuse: FuseV1Options) => String.fromCharCode(wire[fuse]!) === '1'
  expect({
    runAsNode: isOn(FuseV1Options.RunAsNode),
    cookieEncryption: isOn(FuseV1Options.EnableCookieEncryption),
    nodeOptions: isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
    inspect: isOn(FuseV1Options.EnableNodeCliInspectArguments),
    asarIntegrity: isOn(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
    onlyFromAsar: isOn(FuseV1Options.OnlyLoadAppFromAsar),
    fileProtocol: isOn(FuseV1Options.GrantFileProtocolExtraPrivileges),
  }).toEqual({
    runAsNode: false,
    cookieEncryption: true,
    nodeOptions: false,
    inspect: false,
    asarIntegrity: true,
    onlyFromAsar: true,
    fileProtocol: false,
  })
})

test('the app has one id', async () => {
  const configuration = await readFile(join(root, 'electron-builder.yml'), 'utf8')
  expect(/^appId: (.+)$/m.exec(configuration)![1]).toBe(appId)
})

const canRun = process.platform === 'linux' && process.arch === 'x64'
const skipReason = canRun ? '' : ' (skipped: this machine is not Linux on x64)'

test.runIf(canRun)(`the packed engine answers and generates${skipReason}`, async () => {
  const app = join(scratch, 'extracted')
  asar.extractAll(linux.archive, app)
  const script = join(import.meta.dirname, 'testing/run-packed-engine.ts')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, join(app, 'dist/src-main/electron/engine-process.js'), join(scratch, 'data')],
    // The engine leaves polite signals to its host.
    { cwd: root, timeout: 100_000, killSignal: 'SIGKILL' },
  )
  const schema = z.object({
    info: z.object({ dataFolder: z.string(), engine: z.object({ onnxruntime: z.string() }) }),
    models: z.array(z.object({ usable: z.boolean() })),
    text: z.string(),
  })
  const answers = schema.parse(JSON.parse(stdout.trim().split('\n').at(-1)!))
  expect(answers.info.dataFolder).toBe(join(scratch, 'data'))
  expect(answers.models).toEqual([{ usable: true }])
  expect(answers.text).toMatch(/\w+/)
})
