import { EventEmitter } from 'node:events'

/**
 * Numbers connections from 1, so that another process can tell them apart.
 * @param onLeft told the number of each that is closed; 0 stands for those that nobody knows
 */
export function connectionNumbers(
  onLeft: (number: number) => void,
): (connection: object | undefined) => number {
  const numbers = new WeakMap<object, number>()
  let count = 0
  return (connection) => {
    if (!(connection instanceof EventEmitter)) return 0
    const known = numbers.get(connection)
    if (known !== undefined) return known
    count += 1
    const number = count
    numbers.set(connection, number)
    connection.once('close', () => onLeft(number))
    return number
  }
}
