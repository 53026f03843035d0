import { Anchor, Button, Group, Text } from '@mantine/core'
import { IconStack2 } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { Verdict } from '../../../src-main/contract/index.ts'
import { showError } from '../../components/show-error.ts'
import { queries } from '../../connection/engine.ts'
import { goTo, paths } from '../../navigation.ts'
import { strings } from '../../strings/index.ts'

const text = strings.training

/** How another kind of alphabet compares with a finished run, or the offer to try one on its text. */
export function OtherKind({ id, verdict }: { readonly id: string; readonly verdict: Verdict | null }) {
  const { data } = useQuery(queries.runs.otherKind.queryOptions({ input: { id } }))
  const start = useMutation(
    queries.runs.learnGroups.mutationOptions({
      onSuccess: (run) => goTo(paths.run(run.id)),
      onError: showError,
    }),
  )
  return (
    <>
      {data?.measured && verdict?.speedup && (
        <Text size="sm" mb="sm">
          {text.otherKind({ kind: data.measured.own, speedup: verdict.speedup }, data.measured.other)}{' '}
          <Anchor href={`#${paths.run(data.measured.other.id)}`} size="sm">
            {text.otherKindRun(data.measured.other.id)}
          </Anchor>
        </Text>
      )}
      {data?.offer && (
        <Group gap="sm" mb="sm">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconStack2 size={15} aria-hidden />}
            loading={start.isPending}
            onClick={() => start.mutate({ id })}
          >
            {text.tryGroups(data.offer.seconds)}
          </Button>
          <Text size="sm" c="dimmed" flex={1} miw={260}>
            {text.tryGroupsExplanation}
          </Text>
        </Group>
      )}
    </>
  )
}
