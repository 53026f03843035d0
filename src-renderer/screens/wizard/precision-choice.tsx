import { Radio, Stack } from '@mantine/core'
import { precisions, precisionSchema } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'
import { useBaseModel } from './use-base-model.ts'
import { changeDraft, useDraft } from './wizard-store.ts'

const words = strings.wizard.training

/** How the base model's weights are computed with; its blocks can be kept only where it has such. */
export function PrecisionChoice() {
  const precision = useDraft((draft) => draft.precision)
  const { data: card } = useBaseModel(useDraft((draft) => draft.base))
  const offered = precisions.filter((name) => name !== 'kept' || card?.canKeepBlocks)
  return (
    <Radio.Group
      label={words.fields.precision}
      description={words.fieldDescriptions.precision}
      value={precision}
      onChange={(chosen) => changeDraft({ precision: precisionSchema.parse(chosen) })}
    >
      <Stack gap="xs" mt="xs">
        {offered.map((name) => (
          <Radio
            key={name}
            value={name}
            label={words.precisions[name]}
            description={words.precisionDescriptions[name]}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}
