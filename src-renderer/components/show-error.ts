import { notifications } from '@mantine/notifications'
import { describeError } from '../connection/engine.ts'

/** Tells of an error, with its remedy, where there is no better place for it. It stays until it is dismissed. */
export function showError(error: unknown): void {
  const { message, remedy } = describeError(error)
  notifications.show({ color: 'red', title: message, message: remedy, role: 'alert', autoClose: false })
}
