import { formatCount } from '../format.ts'

export const folderDialogStrings = {
  folder: 'Folder',
  parent: 'Parent folder',
  goThere: 'Go there',
  contents: (folder: string) => `Contents of ${folder}`,
  empty: 'This folder is empty.',
  isCut: 'There is more in this folder than is listed. Type the path of what is missing.',
  isModel: 'Model',
  chooseFolder: 'Choose this folder',
  chooseFiles: (count: number) =>
    count === 0 ? 'Choose files' : count === 1 ? 'Choose 1 file' : `Choose ${formatCount(count)} files`,
  cancel: 'Cancel',
  close: 'Close',
}
